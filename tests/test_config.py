from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest

from deust.app import create_app
from deust.config import DEFAULT_SECRET, KNOWN, SettingsError, read_settings

SECRET = "x" * 48

SETTINGS_PAGE = Path(__file__).parents[1] / "docs" / "settings.md"


def production(tmp_path: Path, **changes: str | None) -> dict[str, str]:
    """A complete production environment, with changes; None leaves one out."""
    courses = tmp_path / "courses"
    courses.mkdir(exist_ok=True)
    whole = {
        "DEUST_MODE": "production",
        "DEUST_SECRET": SECRET,
        "DEUST_INSTANCE_DIR": str(tmp_path / "instance"),
        "DEUST_COURSES_DIR": str(courses),
        "DEUST_BASE_URL": "https://deust.example.org",
        "DEUST_MAIL_URL": "smtp://mail.example.org:587",
        "DEUST_DATABASE_URL": "postgresql://deust@localhost/deust",
    }
    return {name: value for name, value in (whole | changes).items() if value is not None}


def test_a_complete_production_environment_is_accepted(tmp_path: Path) -> None:
    settings = read_settings(production(tmp_path))
    assert settings.is_production
    assert settings.jobs
    assert not settings.debug


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"DEUST_SECRET": None}, "DEUST_SECRET"),
        ({"DEUST_SECRET": DEFAULT_SECRET}, "DEUST_SECRET"),
        ({"DEUST_SECRET": "short"}, "32 characters"),
        ({"DEUST_DEBUG": "on"}, "DEUST_DEBUG"),
        ({"DEUST_BASE_URL": None}, "DEUST_BASE_URL"),
        ({"DEUST_BASE_URL": "http://deust.example.org"}, "https"),
        ({"DEUST_MAIL_URL": None}, "DEUST_MAIL_URL"),
        ({"DEUST_MAIL_URL": "mail.example.org"}, "DEUST_MAIL_URL"),
        ({"DEUST_MAIL_URL": "smtp://"}, "DEUST_MAIL_URL"),
        ({"DEUST_MAIL_URL": "smtp://:587"}, "DEUST_MAIL_URL"),
        ({"DEUST_MAIL_URL": "smtp://u:pass/word@mail.example.org"}, "percent-encoded"),
        ({"DEUST_MAIL_URL": "smtp://mail.example.org:smtp"}, "DEUST_MAIL_URL"),
        ({"DEUST_MAIL_URL": "smtp://[mail"}, "DEUST_MAIL_URL"),
        ({"DEUST_MAIL_URL": ""}, "must name the mail server"),
        ({"DEUST_MAIL_FROM": ""}, "DEUST_MAIL_FROM"),
        ({"DEUST_MAIL_FROM": "deust"}, "DEUST_MAIL_FROM"),
        ({"DEUST_MAIL_FROM": "a@example.org\nBcc: b@example.org"}, "DEUST_MAIL_FROM"),
        ({"DEUST_BASE_URL": "https://"}, "DEUST_BASE_URL"),
        ({"DEUST_BASE_URL": "https://[deust"}, "DEUST_BASE_URL"),
        ({"DEUST_BASE_URL": "https://deust.example.org:a"}, "DEUST_BASE_URL"),
        ({"DEUST_BASE_URL": "https://deust.example.org/?a=1"}, "DEUST_BASE_URL"),
        ({"DEUST_SECRET_PREVIOUS": f"{SECRET} {DEFAULT_SECRET}"}, "DEUST_SECRET_PREVIOUS"),
        ({"DEUST_DATABASE_URL": "sqlite://"}, "DEUST_DATABASE_URL"),
        ({"DEUST_DATABASE_URL": "sqlite:///:memory:"}, "DEUST_DATABASE_URL"),
        ({"DEUST_DATABASE_URL": "mysql://u@h/d"}, "DEUST_DATABASE_URL"),
        ({"DEUST_DATABASE_URL": "/var/lib/deust.sqlite"}, "DEUST_DATABASE_URL"),
        ({"DEUST_FILES": "s3://deust?endpont=https://s3.example.org"}, "unknown option endpont"),
        ({"DEUST_COURSES_DIR": "/nowhere"}, "/nowhere cannot be read"),
    ],
)
def test_production_refuses_what_is_unsafe_and_says_which(
    tmp_path: Path, change: dict[str, str | None], said: str
) -> None:
    """WB-20."""
    with pytest.raises(SettingsError, match=said):
        read_settings(production(tmp_path, **change))


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"DEUST_MOD": "production"}, "Unknown setting DEUST_MOD"),
        ({"DEUST_MODE": "prod"}, "write demo or production"),
        ({"DEUST_JOBS": "yes"}, "write on or off"),
        ({"DEUST_TRUSTED_PROXIES": "-1"}, "whole number"),
        ({"PORT": "http"}, "whole number"),
        ({"PORT": "80000"}, "65535 at most"),
        ({"PORT": "٨٠"}, "whole number"),
        ({"DEUST_MAIL_URL": "mailto:a@example.org"}, "mail server"),
    ],
)
def test_a_setting_that_cannot_be_read_is_named(tmp_path: Path, environ: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        read_settings({"DEUST_INSTANCE_DIR": str(tmp_path), **environ})


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_way_to_write_postgresql_leads_to_psycopg(tmp_path: Path, scheme: str) -> None:
    settings = read_settings(production(tmp_path, DEUST_DATABASE_URL=f"{scheme}://u@h/d"))
    assert settings.database_url == "postgresql+psycopg://u@h/d"


def test_the_demo_makes_its_own_secret_once_for_its_owner_only(tmp_path: Path) -> None:
    environ = {"DEUST_INSTANCE_DIR": str(tmp_path)}
    first, second = read_settings(environ), read_settings(environ)
    assert first.secret == second.secret
    assert len(first.secret) >= 32
    assert stat.S_IMODE(os.stat(tmp_path / "secret").st_mode) == 0o600


def test_what_the_server_writes_is_its_owner_s_only(tmp_path: Path) -> None:
    """The database and what was handed in, in a folder that nobody had made."""
    made = production(tmp_path, DEUST_INSTANCE_DIR=str(tmp_path / "own"), DEUST_FILES=str(tmp_path / "files"))
    app = create_app(read_settings(made))
    app.extensions["deust"].files.put(BytesIO(b"un devoir"), max_bytes=100)
    read_settings({"DEUST_INSTANCE_DIR": str(tmp_path / "demo")})
    modes = {name: stat.S_IMODE(os.stat(tmp_path / name).st_mode) for name in ("own", "files", "demo")}
    assert modes == dict.fromkeys(modes, 0o700)


def test_processes_that_start_together_share_one_secret(tmp_path: Path) -> None:
    environ = {"DEUST_INSTANCE_DIR": str(tmp_path / "instance")}
    with ThreadPoolExecutor(8) as pool:
        found = {made.secret for made in pool.map(read_settings, [environ] * 24)}
    assert len(found) == 1
    assert len(found.pop()) >= 32
    assert os.listdir(tmp_path / "instance") == ["secret"]


@pytest.mark.parametrize("url", ["sqlite:////var/lib/deust.sqlite", "sqlite:///deust.sqlite"])
def test_sqlite_is_kept_in_a_file(tmp_path: Path, url: str) -> None:
    assert read_settings(production(tmp_path, DEUST_DATABASE_URL=url)).database_url == url


@pytest.mark.parametrize("sender", ["ne-pas-repondre@example.org", "DEUST <ne-pas-repondre@example.org>"])
def test_a_sender_may_have_a_name(tmp_path: Path, sender: str) -> None:
    assert read_settings(production(tmp_path, DEUST_MAIL_FROM=sender)).mail_from == sender


def test_the_demo_keeps_everything_under_its_folder(tmp_path: Path) -> None:
    settings = read_settings({"DEUST_INSTANCE_DIR": str(tmp_path)})
    assert settings.database_url == f"sqlite:///{tmp_path / 'deust.sqlite'}"
    assert settings.files_dir.is_relative_to(tmp_path)
    assert settings.published_dir.is_relative_to(tmp_path)
    assert settings.mail_url == ""


def test_files_go_to_a_folder_or_to_a_bucket(tmp_path: Path) -> None:
    environ = {"DEUST_INSTANCE_DIR": str(tmp_path)}
    bucket = "s3://deust/files?endpoint=https://s3.example.org"
    assert read_settings({**environ, "DEUST_FILES": bucket}).files == bucket
    assert read_settings({**environ, "DEUST_FILES": f"{tmp_path}/x/../files"}).files == f"{tmp_path}/files"
    for wrong in ("ftp://files", "s3:///files", "https://s3.example.org/deust"):
        with pytest.raises(SettingsError, match="DEUST_FILES"):
            read_settings({**environ, "DEUST_FILES": wrong})


def test_a_host_of_the_new_internet_is_written_in_brackets(tmp_path: Path) -> None:
    assert read_settings({"DEUST_INSTANCE_DIR": str(tmp_path), "HOST": "::1"}).base_url == "http://[::1]:8000"


def test_a_command_line_runs_no_jobs(tmp_path: Path) -> None:
    environ = {"DEUST_INSTANCE_DIR": str(tmp_path)}
    assert read_settings(environ).jobs
    assert not read_settings({**environ, "FLASK_RUN_FROM_CLI": "true"}).jobs


def test_old_secrets_are_read_as_a_list(tmp_path: Path) -> None:
    one, two = "1" * 32, "2" * 32
    settings = read_settings(production(tmp_path, DEUST_SECRET_PREVIOUS=f"{one} {two}"))
    assert settings.previous_secrets == (one, two)


def test_every_setting_is_described_in_the_documentation() -> None:
    described = SETTINGS_PAGE.read_text()
    assert [name for name in (*KNOWN, "HOST", "PORT") if f"`{name}`" not in described] == []
