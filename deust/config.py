"""Settings, read from the environment only; each is described in `docs/settings.md`."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, urlsplit

ROOT = Path(__file__).resolve().parent.parent

DEFAULT_SECRET = "change-me"  # noqa: S105
SHORTEST_SECRET = 32


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
    host, port = environ.get("HOST", "127.0.0.1"), _integer(environ, "PORT", 8000, most=65_535)
    is_command = "FLASK_RUN_FROM_CLI" in environ
    settings = Settings(
        mode=mode,
        secret=environ.get("DEUST_SECRET") or _own_secret(mode, instance_dir),
        previous_secrets=tuple(environ.get("DEUST_SECRET_PREVIOUS", "").split()),
        database_url=_database_url(environ.get("DEUST_DATABASE_URL"), instance_dir),
        instance_dir=instance_dir,
        files=_files(environ.get("DEUST_FILES", "")),
        courses_dir=Path(environ.get("DEUST_COURSES_DIR", ROOT / "courses")).resolve(),
        base_url=_base_url(environ.get("DEUST_BASE_URL", f"http://{_in_address(host)}:{port}")),
        mail_url=_mail_url(environ.get("DEUST_MAIL_URL", "")),
        mail_from=_mail_from(environ.get("DEUST_MAIL_FROM", "deust@localhost")),
        is_command=is_command,
        jobs=_switch(environ, "DEUST_JOBS", default=not is_command),
        debug=_switch(environ, "DEUST_DEBUG", default=False),
        trusted_proxies=_integer(environ, "DEUST_TRUSTED_PROXIES", 0, most=10),
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
    if len(settings.secret) < SHORTEST_SECRET:
        raise SettingsError(
            f"DEUST_SECRET is missing, the default, or shorter than {SHORTEST_SECRET} characters: set one of your own, "
            'for instance from python3 -c "import secrets; print(secrets.token_urlsafe(48))".'
        )
    if any(len(secret) < SHORTEST_SECRET for secret in settings.previous_secrets):
        raise SettingsError(
            f"DEUST_SECRET_PREVIOUS holds a secret shorter than {SHORTEST_SECRET} characters: whoever guesses it "
            "signs in as anybody. Remove it; everybody signs in again."
        )
    if settings.debug:
        raise SettingsError("DEUST_DEBUG is on: production never shows a trace. Remove it.")
    if "DEUST_BASE_URL" not in environ or urlsplit(settings.base_url).scheme != "https":
        raise SettingsError("DEUST_BASE_URL must be the public https address: links in mails are made from it.")
    if not settings.mail_url:
        raise SettingsError("DEUST_MAIL_URL must name the mail server, for instance smtp://user:password@mail:587.")
    if not (settings.courses_dir.is_dir() and os.access(settings.courses_dir, os.R_OK | os.X_OK)):
        raise SettingsError(f"DEUST_COURSES_DIR {settings.courses_dir} cannot be read: check the path and its rights.")


def _database_url(url: str | None, instance_dir: Path) -> str:
    if not url:
        return f"sqlite:///{instance_dir / 'deust.sqlite'}"
    for scheme in ("postgresql://", "postgres://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    is_kept = url.startswith("sqlite:///") and url.removeprefix("sqlite:///") not in ("", ":memory:")
    if not is_kept and not url.startswith("postgresql+psycopg://"):
        raise SettingsError(
            "DEUST_DATABASE_URL is neither SQLite in a file nor PostgreSQL: write sqlite:////path/to/deust.sqlite "
            "or postgresql://user:password@host/database."
        )
    return url


def _in_address(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _address(url: str, *schemes: str) -> SplitResult | None:
    """The parts of an address of one of these schemes, if its host and port can be read."""
    try:
        parts = urlsplit(url)
        return parts if parts.scheme in schemes and parts.hostname and parts.port != 0 else None
    except ValueError:
        return None


def _base_url(url: str) -> str:
    parts = _address(url, "http", "https")
    if parts is None or parts.query or parts.fragment:
        raise SettingsError(f"DEUST_BASE_URL is « {url} »: write the public address, https://deust.example.org.")
    return url.rstrip("/")


def _mail_url(url: str) -> str:
    """The mail server, whose host and port can be read: a mail that cannot leave is told at the start."""
    if url and _address(url, "smtp", "smtps") is None:
        raise SettingsError(
            "DEUST_MAIL_URL does not name a mail server: write for instance smtp://user:password@mail:587, "
            "user and password percent-encoded."
        )
    return url


def _mail_from(sender: str) -> str:
    _, address = parseaddr(sender)
    name, _, host = address.rpartition("@")
    if not (name and host and sender.isprintable()):
        raise SettingsError(f"DEUST_MAIL_FROM is « {sender} »: write an address, ne-pas-repondre@example.org.")
    return sender


def _files(location: str) -> str:
    address = urlsplit(location)
    if "://" not in location:
        return str(Path(location).resolve()) if location else ""
    if address.scheme != "s3" or not address.netloc:
        raise SettingsError("DEUST_FILES is neither a folder nor a bucket: write a path, or s3://bucket?endpoint=….")
    unknown = sorted(set(parse_qs(address.query, keep_blank_values=True)) - {"endpoint", "region"})
    if unknown:
        raise SettingsError(f"DEUST_FILES has an unknown option {', '.join(unknown)}: endpoint and region are known.")
    return location


def _own_secret(mode: str, instance_dir: Path) -> str:
    """Outside production, a random secret kept under the instance folder, so that sessions survive a restart."""
    if mode == "production":
        return DEFAULT_SECRET
    path = instance_dir / "secret"
    if not path.exists():
        instance_dir.mkdir(0o700, parents=True, exist_ok=True)
        _keep_whole(path, secrets.token_urlsafe(48))
    return path.read_text()


def _keep_whole(path: Path, text: str) -> None:
    """Writes a file that only its owner reads; of several processes at once the first wins, and none reads a half."""
    descriptor, aside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}")
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    with suppress(FileExistsError):
        os.link(aside, path)
    os.unlink(aside)


def _switch(environ: Mapping[str, str], name: str, *, default: bool) -> bool:
    value = environ.get(name)
    if value is None:
        return default
    if value not in ("on", "off"):
        raise SettingsError(f"{name} is « {value} »: write on or off.")
    return value == "on"


def _integer(environ: Mapping[str, str], name: str, default: int, *, most: int) -> int:
    value = environ.get(name)
    if value is None:
        return default
    if not (value.isascii() and value.isdecimal() and int(value) <= most):
        raise SettingsError(f"{name} is « {value} »: write a whole number, {most} at most.")
    return int(value)
