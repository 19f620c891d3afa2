"""Settings, read from the environment only; each is described in `docs/settings.md`."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent

DEFAULT_SECRET = "change-me"  # noqa: S105


class SettingsError(Exception):
    """A setting that the application refuses to start with; the message says which and what to do."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    mode: str
    secret: str
    previous_secrets: tuple[str, ...]
    database_url: str
    instance_dir: Path
    files: str = ""
    courses_dir: Path
    base_url: str
    mail_url: str
    mail_from: str
    is_command: bool = False
    jobs: bool
    debug: bool
    trusted_proxies: int
    host: str
    port: int

    @property
    def is_production(self) -> bool:
        return self.mode == "production"

    @property
    def published_dir(self) -> Path:
        return self.instance_dir / "published"

    @property
    def files_dir(self) -> Path:
        """Where files handed in are, unless `files` says otherwise."""
        return self.instance_dir / "files"


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from `DEUST_…` variables. Refuses an unknown variable, and in production anything unsafe."""
    environ = os.environ if environ is None else environ
    _refuse_unknown(environ)
    instance_dir = Path(environ.get("DEUST_INSTANCE_DIR", ROOT / "instance")).resolve()
    mode = environ.get("DEUST_MODE", "demo")
    if mode not in ("demo", "production"):
        raise SettingsError(f"DEUST_MODE is « {mode} »: write demo or production.")
    host, port = environ.get("HOST", "127.0.0.1"), _integer(environ, "PORT", 8000)
    is_command = "FLASK_RUN_FROM_CLI" in environ
    settings = Settings(
        mode=mode,
        secret=environ.get("DEUST_SECRET") or _own_secret(mode, instance_dir),
        previous_secrets=tuple(environ.get("DEUST_SECRET_PREVIOUS", "").split()),
        database_url=_database_url(environ.get("DEUST_DATABASE_URL"), instance_dir),
        instance_dir=instance_dir,
        files=_files(environ.get("DEUST_FILES", "")),
        courses_dir=Path(environ.get("DEUST_COURSES_DIR", ROOT / "courses")).resolve(),
        base_url=environ.get("DEUST_BASE_URL", f"http://{host}:{port}").rstrip("/"),
        mail_url=environ.get("DEUST_MAIL_URL", ""),
        mail_from=environ.get("DEUST_MAIL_FROM", "deust@localhost"),
        is_command=is_command,
        jobs=_switch(environ, "DEUST_JOBS", default=not is_command),
        debug=_switch(environ, "DEUST_DEBUG", default=False),
        trusted_proxies=_integer(environ, "DEUST_TRUSTED_PROXIES", 0),
        host=host,
        port=port,
    )
    if settings.is_production:
        _ensure_safe(settings, environ)
    return settings


KNOWN = (
    "DEUST_MODE",
    "DEUST_SECRET",
    "DEUST_SECRET_PREVIOUS",
    "DEUST_DATABASE_URL",
    "DEUST_INSTANCE_DIR",
    "DEUST_FILES",
    "DEUST_COURSES_DIR",
    "DEUST_BASE_URL",
    "DEUST_MAIL_URL",
    "DEUST_MAIL_FROM",
    "DEUST_JOBS",
    "DEUST_DEBUG",
    "DEUST_TRUSTED_PROXIES",
)


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    unknown = sorted(name for name in environ if name.startswith("DEUST_") and name not in KNOWN)
    if unknown:
        raise SettingsError(f"Unknown setting {', '.join(unknown)}: see docs/settings.md for the list.")


def _ensure_safe(settings: Settings, environ: Mapping[str, str]) -> None:
    if settings.secret == DEFAULT_SECRET or len(settings.secret) < 32:
        raise SettingsError(
            "DEUST_SECRET is missing, the default, or shorter than 32 characters: set one of your own, "
            'for instance from python3 -c "import secrets; print(secrets.token_urlsafe(48))".'
        )
    if settings.debug:
        raise SettingsError("DEUST_DEBUG is on: production never shows a trace. Remove it.")
    if "DEUST_BASE_URL" not in environ or urlsplit(settings.base_url).scheme != "https":
        raise SettingsError("DEUST_BASE_URL must be the public https address: links in mails are made from it.")
    if not settings.mail_url.startswith(("smtp://", "smtps://")):
        raise SettingsError("DEUST_MAIL_URL must name the mail server, for instance smtp://user:password@mail:587.")
    if not (settings.courses_dir.is_dir() and os.access(settings.courses_dir, os.R_OK | os.X_OK)):
        raise SettingsError(f"DEUST_COURSES_DIR {settings.courses_dir} cannot be read: check the path and its rights.")


def _database_url(url: str | None, instance_dir: Path) -> str:
    if not url:
        return f"sqlite:///{instance_dir / 'deust.sqlite'}"
    for scheme in ("postgresql://", "postgres://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    return url


def _files(location: str) -> str:
    address = urlsplit(location)
    if "://" not in location:
        return str(Path(location).resolve()) if location else ""
    if address.scheme != "s3" or not address.netloc:
        raise SettingsError("DEUST_FILES is neither a folder nor a bucket: write a path, or s3://bucket?endpoint=….")
    return location


def _own_secret(mode: str, instance_dir: Path) -> str:
    """Outside production, a random secret kept under the instance folder, so that sessions survive a restart."""
    if mode == "production":
        return DEFAULT_SECRET
    path = instance_dir / "secret"
    if not path.exists():
        instance_dir.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
    return path.read_text()


def _switch(environ: Mapping[str, str], name: str, *, default: bool) -> bool:
    value = environ.get(name)
    if value is None:
        return default
    if value not in ("on", "off"):
        raise SettingsError(f"{name} is « {value} »: write on or off.")
    return value == "on"


def _integer(environ: Mapping[str, str], name: str, default: int) -> int:
    value = environ.get(name)
    if value is None:
        return default
    if not value.isdecimal():
        raise SettingsError(f"{name} is « {value} »: write a whole number.")
    return int(value)
