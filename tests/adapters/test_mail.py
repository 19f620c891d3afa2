"""Mail leaves only for the server that it is meant for, and its password never in clear."""

from __future__ import annotations

import smtplib
import ssl
import subprocess
import traceback
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from deust.adapters.mail import MailRefused, mail_sender
from tests.support.server import free_port


class Kept:
    """A server's mailbox."""

    def __init__(self) -> None:
        self.received: list[bytes] = []

    async def handle_RCPT(
        self, _server: object, _session: object, envelope: object, address: str, _options: object
    ) -> str:
        if address.startswith("partie"):
            return f"550 5.1.1 <{address}>: unknown here"
        envelope.rcpt_tos.append(address)  # type: ignore[attr-defined]
        return "250 OK"

    async def handle_DATA(self, _server: object, _session: object, envelope: object) -> str:
        if b"plein" in envelope.content:  # type: ignore[attr-defined]
            return f"452 {envelope.rcpt_tos[0]} is full"  # type: ignore[attr-defined]
        self.received.append(envelope.content)  # type: ignore[attr-defined]
        return "250 OK"


@pytest.fixture
def certified(tmp_path: Path) -> ssl.SSLContext:
    """A certificate that nobody vouches for."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    asked = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=ailleurs"]
    subprocess.run([*asked, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


@pytest.fixture
def server(certified: ssl.SSLContext, request: pytest.FixtureRequest) -> Iterator[tuple[Kept, int]]:
    box, port = Kept(), free_port()
    options = {"authenticator": lambda *_asked: AuthResult(success=True), "auth_require_tls": False}
    context = certified if request.param else None
    controller = Controller(box, hostname="127.0.0.1", port=port, tls_context=context, **options)
    controller.start()
    yield box, port
    controller.stop()


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """127.0.0.1 is taken for another machine."""
    monkeypatch.setattr("deust.adapters.mail._THIS_MACHINE", ())


def mail(to: str = "b@example.org", text: str = "Un lien.") -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "a@example.org", to, "Essai"
    made.set_content(text)
    return made


@pytest.mark.parametrize("server", [True], indirect=True)
@pytest.mark.usefixtures("elsewhere")
def test_a_server_that_does_not_prove_who_it_is_gets_nothing(server: tuple[Kept, int], tmp_path: Path) -> None:
    box, port = server
    with pytest.raises(ssl.SSLCertVerificationError):
        mail_sender(f"smtp://127.0.0.1:{port}", tmp_path)(mail())
    assert box.received == []


@pytest.mark.parametrize("server", [True], indirect=True)
def test_a_relay_on_this_machine_needs_no_certificate(server: tuple[Kept, int], tmp_path: Path) -> None:
    box, port = server
    mail_sender(f"smtp://qui:mot%20de%20passe@127.0.0.1:{port}", tmp_path)(mail())
    assert len(box.received) == 1


@pytest.mark.parametrize("server", [False], indirect=True)
@pytest.mark.usefixtures("elsewhere")
def test_a_password_is_never_sent_in_clear(server: tuple[Kept, int], tmp_path: Path) -> None:
    box, port = server
    with pytest.raises(smtplib.SMTPNotSupportedError):
        mail_sender(f"smtp://qui:secret@127.0.0.1:{port}", tmp_path)(mail())
    mail_sender(f"smtp://127.0.0.1:{port}", tmp_path)(mail())
    assert len(box.received) == 1


@pytest.mark.parametrize("server", [False], indirect=True)
@pytest.mark.parametrize(("to", "text", "code"), [("partie@example.org", "", "550"), ("b@example.org", "plein", "452")])
def test_what_a_server_refuses_is_logged_without_naming_anyone(
    server: tuple[Kept, int], tmp_path: Path, to: str, text: str, code: str
) -> None:
    with pytest.raises(MailRefused, match=code) as refused:
        mail_sender(f"smtp://127.0.0.1:{server[1]}", tmp_path)(mail(to, text))
    assert to not in "".join(traceback.format_exception(refused.value))
