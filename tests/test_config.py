from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

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


def test_a_command_line_runs_no_jobs(tmp_path: Path) -> None:
    environ = {"DEUST_INSTANCE_DIR": str(tmp_path)}
    assert read_settings(environ).jobs
    assert not read_settings({**environ, "FLASK_RUN_FROM_CLI": "true"}).jobs


def test_old_secrets_are_read_as_a_list(tmp_path: Path) -> None:
    settings = read_settings(production(tmp_path, DEUST_SECRET_PREVIOUS="one two"))
    assert settings.previous_secrets == ("one", "two")


def test_every_setting_is_described_in_the_documentation() -> None:
    described = SETTINGS_PAGE.read_text()
    assert [name for name in (*KNOWN, "HOST", "PORT") if f"`{name}`" not in described] == []
