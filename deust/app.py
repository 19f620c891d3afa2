"""Assembly: settings in, application out."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, Response, g, request
from flask.json.provider import DefaultJSONProvider
from flask.sessions import SecureCookieSessionInterface
from flask_compress import Compress
from itsdangerous import URLSafeTimedSerializer
from werkzeug.middleware.proxy_fix import ProxyFix
from whitenoise import WhiteNoise

from deust.adapters.files import file_store
from deust.adapters.passwords import Passwords
from deust.cli import add_commands
from deust.config import ROOT, Settings, SettingsError, read_settings
from deust.content.catalogue import Catalogue
from deust.domain.errors import Unavailable
from deust.models.base import db
from deust.models.transaction import database_config, one_connection, reading, tune
from deust.models.version import known_revisions, table_revision
from deust.queries.people import has_demo
from deust.services.tools import Tools
from deust.web import (
    assignments,
    contacts,
    errors,
    eyes,
    formats,
    grading,
    i18n,
    learning,
    message_holders,
    messages,
    public_modules,
    quiz_reports,
    quizzes,
    records,
    signin,
    spoken_comments,
    uploads,
)
from deust.web import cohort as cohort_pages
from deust.web import people as people_pages
from deust.web.assets import Assets
from deust.web.compiled import Compiled
from deust.web.counts import forget_counts, waiting_counts
from deust.web.current import guard, login_manager, tools, visitor_or_none
from deust.web.security import add_headers, csrf
from deust.web.templates import Templates

MAX_BODY_BYTES = 24 * 1024 * 1024
POOL_SIZE = 20
WAIT_SECONDS = 5


class Sessions(SecureCookieSessionInterface):
    """Flask's signed cookie; its keys are derived once, since the secret does not change while the server runs."""

    def __init__(self) -> None:
        self._serializer: URLSafeTimedSerializer | None = None

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        if self._serializer is None:
            self._serializer = super().get_signing_serializer(app)
        return self._serializer


class Json(DefaultJSONProvider):
    """JSON nested deeper than Python reads is not read, as any that is none."""

    def loads(self, s: str | bytes, **options: Any) -> Any:
        try:
            return super().loads(s, **options)
        except RecursionError:
            raise ValueError("nested too deep") from None


class Application(Flask):
    """Flask with the templates of the product; every view is a plain function, so none is asked whether it is not."""

    jinja_environment = Templates
    json_provider_class = Json

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.session_interface = Sessions()

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func


def now_utc() -> datetime:
    return datetime.now(UTC)


def create_app(settings: Settings | None = None, **overrides: object) -> Flask:
    """The application for these settings; `overrides` replace tools (a clock, a cheaper password hash) in tests."""
    settings = settings or _settings_or_exit()
    folders = {"root_path": str(ROOT / "deust"), "template_folder": str(ROOT / "templates")}
    app = Application("deust", static_folder=None, **folders)
    app.config.update(_flask_config(settings))
    _connect_database(app, settings)
    _add_tools(app, settings, overrides)
    _add_pages(app, settings)
    if settings.is_command:
        add_commands(app)
    return app


def ensure_fit(app: Flask) -> None:
    """Stop a production server whose tables are not those of this code, or hold invented people.

    While the database does not answer, it is waited for: an application server whose worker ends as it starts ends too.
    """
    settings = app.config["DEUST"]
    if not settings.is_production or settings.is_command:
        return
    with app.app_context():
        while True:
            try:
                return _ensure_tables()
            except Unavailable as error:
                logging.getLogger("deust").error("DEUST waits for the database: %s", error.__cause__)
                time.sleep(WAIT_SECONDS)


def _ensure_tables() -> None:
    with reading() as connection:
        if table_revision(connection) != known_revisions()[-1]:
            raise SystemExit("DEUST does not start. The tables are not up to date: run flask --app wsgi db upgrade.")
        if has_demo(connection):
            raise SystemExit(
                "DEUST does not start. This database holds demonstration accounts, whose password is public: "
                "use another database."
            )


def _settings_or_exit() -> Settings:
    try:
        return read_settings()
    except SettingsError as error:
        raise SystemExit(f"DEUST does not start. {error}") from None


def _flask_config(settings: Settings) -> dict[str, object]:
    secure = settings.is_production
    return {
        "DEUST": settings,
        "DEUST_COURSES_DIR": settings.courses_dir,
        "SECRET_KEY": settings.secret,
        "SECRET_KEY_FALLBACKS": list(settings.previous_secrets),
        "DEBUG": settings.debug,
        **database_config(settings.database_url, pool_size=POOL_SIZE),
        "SESSION_COOKIE_NAME": "__Host-deust" if secure else "deust",
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "PERMANENT_SESSION_LIFETIME": 14 * 24 * 3600,
        "SESSION_REFRESH_EACH_REQUEST": False,
        "WTF_CSRF_TIME_LIMIT": None,
        "MAX_CONTENT_LENGTH": MAX_BODY_BYTES,
        "COMPRESS_ALGORITHM": ["br", "gzip"],
        "COMPRESS_BR_LEVEL": 4,
        "COMPRESS_MIMETYPES": ["text/html", "application/json"],
    }


def _connect_database(app: Flask, settings: Settings) -> None:
    settings.instance_dir.mkdir(0o700, parents=True, exist_ok=True)
    db.init_app(app)
    with app.app_context():
        tune()


def _add_tools(app: Flask, settings: Settings, overrides: dict[str, object]) -> None:
    makers: dict[str, Callable[[], object]] = {
        "clock": lambda: now_utc,
        "catalogue": lambda: Catalogue(settings.courses_dir, settings.published_dir, watch=not settings.is_production),
        "files": lambda: file_store(settings.files or str(settings.files_dir)),
        "passwords": Passwords,
        "base_url": lambda: settings.base_url,
    }
    values = {name: overrides[name] if name in overrides else make() for name, make in makers.items()}
    app.extensions["deust"] = Tools(**values)  # type: ignore[arg-type]


def _add_pages(app: Flask, settings: Settings) -> None:
    assets = Assets(settings.instance_dir / "assets")
    csrf.init_app(app)
    login_manager.init_app(app)
    app.before_request(_begin_request)
    app.before_request(guard)
    app.after_request(add_headers)
    app.after_request(forget_counts)
    app.after_request(_sign_request)
    students = (learning, public_modules, quizzes, assignments, uploads)
    staff = (grading, spoken_comments, quiz_reports, cohort_pages, contacts, eyes)
    for pages in (*students, *staff, signin, people_pages, message_holders, messages, records):
        app.register_blueprint(pages.bp)
    errors.register(app)
    app.jinja_env.bytecode_cache = Compiled(settings.instance_dir / "compiled")
    app.jinja_env.install_gettext_callables(i18n.translated, i18n.translated_plural, newstyle=True)  # type: ignore[attr-defined]
    app.jinja_env.globals.update(asset=assets.url, page_icon=assets.icon, waiting_counts=waiting_counts)
    app.jinja_env.globals.update(current_locale=i18n.current_locale, is_french=i18n.ReaderOfFrench())
    app.jinja_env.filters.update(formats.FILTERS)
    app.context_processor(
        lambda: {"person": visitor_or_none(), "eyes": g.get("eyes"), "is_french": i18n.current_locale() == "fr"}
    )
    Compress(app)
    app.wsgi_app = _on_one_connection(_of_stated_length(app.wsgi_app))  # type: ignore[method-assign]
    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]
        app.wsgi_app, root=assets.folder, prefix="static/", immutable_file_test=lambda _path, _url: True
    )
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count)  # type: ignore[method-assign]


def _on_one_connection(pages: WSGIApplication) -> WSGIApplication:
    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with one_connection():
            return pages(environ, start_response)

    return answer


def _of_stated_length(pages: WSGIApplication) -> WSGIApplication:
    """What is sent must be as long as it says. Some servers end the body of a sender who was cut off as they end any:
    half a form would be taken for a whole one.
    """

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("CONTENT_LENGTH"):
            environ.pop("wsgi.input_terminated", None)
        return pages(environ, start_response)

    return answer


def _begin_request() -> None:
    g.request_id = secrets.token_hex(6)
    tools().catalogue.refresh()


def _sign_request(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.get("request_id", "-")
    if response.status_code >= 500:
        logging.getLogger("deust").error("%s %s %s", g.get("request_id"), request.method, request.url_rule)
    return response
