"""Mail out: an SMTP server in production, a folder of .eml files in development."""

from __future__ import annotations

import secrets
import smtplib
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import unquote, urlsplit

SendMail = Callable[[EmailMessage], None]

_TIMEOUT_SECONDS = 20
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


class MailRefused(Exception):
    """The server took no mail: its codes, without its words, which name the recipient. Failures are logged."""


def mail_sender(url: str, folder: Path) -> SendMail:
    """How to send, from `smtp://user:password@host:port` (STARTTLS), `smtps://…` (TLS) or, empty, into the folder.

    Mails hold links that open accounts: the server must prove who it is, and gets no password in clear.
    """
    if not url:
        return _into(folder)
    parts = urlsplit(url)

    def send(message: EmailMessage) -> None:
        host = parts.hostname or "localhost"
        with _connected(parts.scheme, host, parts.port) as server:
            if parts.username:
                _ensure_private(server, host)
                server.login(unquote(parts.username), unquote(parts.password or ""))
            _hand_over(server, message)

    return send


def _hand_over(server: smtplib.SMTP, message: EmailMessage) -> None:
    try:
        server.send_message(message)
    except smtplib.SMTPRecipientsRefused as refused:
        raise MailRefused({code for code, _words in refused.recipients.values()}) from None
    except smtplib.SMTPResponseException as refused:
        raise MailRefused({refused.smtp_code}) from None


def _connected(scheme: str, host: str, port: int | None) -> smtplib.SMTP:
    if scheme == "smtps":
        return smtplib.SMTP_SSL(host, port or 465, timeout=_TIMEOUT_SECONDS, context=_trusted(host))
    server = smtplib.SMTP(host, port or 587, timeout=_TIMEOUT_SECONDS)
    server.ehlo()
    if server.has_extn("starttls"):
        server.starttls(context=_trusted(host))
        server.ehlo()
    return server


def _trusted(host: str) -> ssl.SSLContext:
    """Whom to speak to: the server named by a certificate that is known; on this machine, whoever listens."""
    trusted = ssl.create_default_context()
    if host in _THIS_MACHINE:
        trusted.check_hostname, trusted.verify_mode = False, ssl.CERT_NONE
    return trusted


def _ensure_private(server: smtplib.SMTP, host: str) -> None:
    """Refuses to send a password over a line that others may read."""
    if host not in _THIS_MACHINE and not isinstance(server.sock, ssl.SSLSocket):
        raise smtplib.SMTPNotSupportedError("the mail server offers no encryption: the password was not sent")


def _into(folder: Path) -> SendMail:
    def send(message: EmailMessage) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{secrets.token_hex(8)}.eml").write_bytes(message.as_bytes())

    return send
