"""A small load generator: a few connections at a time, every status checked, latencies kept.

One thread and bare sockets, so that it takes little of the machine it measures. The servers measured close each
connection after its answer, so each request opens one.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import cycle
from statistics import quantiles

CONNECTIONS = 8
TIMEOUT_SECONDS = 30


class WrongAnswer(Exception):
    """A request was not answered with the expected status: the figure would mean nothing."""


@dataclass(frozen=True)
class Request:
    """The bytes to send, and the status wanted."""

    content: bytes
    status: int = 200


@dataclass(frozen=True)
class Figures:
    """`client_ms` is the processor time that the generator itself spends on a request."""

    count: int
    seconds: float
    latencies_ms: tuple[float, ...]
    client_ms: float

    @property
    def per_second(self) -> float:
        return self.count / self.seconds

    def percentile(self, percent: int) -> float:
        return quantiles(self.latencies_ms, n=100)[percent - 1]


def get(path: str, *, cookie: str = "") -> bytes:
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", "Accept: text/html"]
    lines += [f"Cookie: {cookie}"] if cookie else []
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def post(path: str, body: bytes, *, cookie: str = "", headers: str = "") -> bytes:
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
    ]
    lines += [f"Cookie: {cookie}"] if cookie else []
    return ("\r\n".join(lines) + "\r\n" + headers + "\r\n").encode() + body


@dataclass
class _Exchange:
    request: Request
    started: float
    connection: socket.socket
    received: list[bytes] = field(default_factory=list)


def for_seconds(port: int, requests: Iterable[Request], seconds: float) -> Figures:
    """Send the requests in turn, again and again, until the time is over."""
    end = time.perf_counter() + seconds
    endless = cycle(requests)
    return _run(port, iter(lambda: next(endless) if time.perf_counter() < end else None, None))


def once(port: int, requests: Iterable[Request]) -> Figures:
    """Send each request once."""
    return _run(port, iter(requests))


def one_by_one(port: int, requests: Iterable[Request]) -> list[float]:
    """Each request alone, one after the other: milliseconds."""
    times = []
    for request in requests:
        started = time.perf_counter()
        _run(port, iter([request]))
        times.append(1000 * (time.perf_counter() - started))
    return times


def _run(port: int, requests: Iterator[Request]) -> Figures:
    poll = select.epoll()
    open_exchanges: dict[int, _Exchange] = {}
    latencies: list[float] = []
    started, spent = time.perf_counter(), time.process_time()
    try:
        for request in (request for _, request in zip(range(CONNECTIONS), requests, strict=False)):
            _begin(port, request, poll, open_exchanges)
        while open_exchanges:
            ready = poll.poll(TIMEOUT_SECONDS)
            if not ready:
                raise WrongAnswer(f"no answer within {TIMEOUT_SECONDS} s")
            for descriptor, _ in ready:
                if _has_ended(open_exchanges[descriptor]):
                    latencies.append(_finish(open_exchanges.pop(descriptor)))
                    following = next(requests, None)
                    if following is not None:
                        _begin(port, following, poll, open_exchanges)
    finally:
        poll.close()
        for exchange in open_exchanges.values():
            exchange.connection.close()
    return Figures(
        count=len(latencies),
        seconds=time.perf_counter() - started,
        latencies_ms=tuple(latencies),
        client_ms=1000 * (time.process_time() - spent) / len(latencies),
    )


def _begin(port: int, request: Request, poll: select.epoll, open_exchanges: dict[int, _Exchange]) -> None:
    started = time.perf_counter()
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(request.content)
    open_exchanges[connection.fileno()] = _Exchange(request, started, connection)
    poll.register(connection.fileno(), select.EPOLLIN)


def _has_ended(exchange: _Exchange) -> bool:
    """Read what came; the server closes once it has said everything."""
    piece = exchange.connection.recv(262_144)
    exchange.received.append(piece)
    return not piece


def _finish(exchange: _Exchange) -> float:
    exchange.connection.close()
    status = int(exchange.received[0][9:12] or 0)
    if status != exchange.request.status:
        sent, came = exchange.request.content[:200], b"".join(exchange.received)[:1500]
        raise WrongAnswer(f"{status} instead of {exchange.request.status}:\n{sent!r}\n{came.decode(errors='replace')}")
    return 1000 * (time.perf_counter() - exchange.started)
