"""Mail out: an SMTP server in production, a folder of .eml files in development."""

from __future__ import annotations

import secrets
import smtplib
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import unquote, urlsplit

SendMail = Callable[[EmailMessage], None]

_TIMEOUT_SECONDS = 20


def mail_sender(url: str, folder: Path) -> SendMail:
    """How to send, from `smtp://user:password@host:port` (STARTTLS), `smtps://…` (TLS) or, empty, into the folder."""
    if not url:
        return _into(folder)
    parts = urlsplit(url)

    def send(message: EmailMessage) -> None:
        with _connected(parts.scheme, parts.hostname or "localhost", parts.port) as server:
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.send_message(message)

    return send


def _connected(scheme: str, host: str, port: int | None) -> smtplib.SMTP:
    if scheme == "smtps":
        return smtplib.SMTP_SSL(host, port or 465, timeout=_TIMEOUT_SECONDS)
    server = smtplib.SMTP(host, port or 587, timeout=_TIMEOUT_SECONDS)
    server.ehlo()
    if server.has_extn("starttls"):
        server.starttls()
        server.ehlo()
    return server


def _into(folder: Path) -> SendMail:
    def send(message: EmailMessage) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{secrets.token_hex(8)}.eml").write_bytes(message.as_bytes())

    return send
