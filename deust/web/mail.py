"""Mails as people read them: `templates/email/<kind>/subject.txt` and `body.txt`, filled from the outbox."""

from __future__ import annotations

from email.message import EmailMessage
from email.utils import format_datetime, formataddr

from flask import g, render_template

from deust.services.records import Mail

KINDS = (
    "invitation",
    "reset",
    "password-chosen",
    "password-changed",
    "sign-in-failures",
    "mark-released",
    "review-answered",
    "marks-corrected",
    "from-staff",
    "questions-waiting",
    "questions-answered",
    "question-given",
)


def message(mail: Mail, *, sender: str) -> EmailMessage:
    """The mail ready to send, in its reader's language. Sent twice after a crash, it keeps the same Message-ID."""
    g.locale = mail.payload.get("locale", "fr")
    folder = f"email/{mail.kind}"
    made = EmailMessage()
    made["Subject"] = " ".join(render_template(f"{folder}/subject.txt", **mail.payload).split())
    made["From"] = formataddr(("DEUST", sender))
    made["To"] = mail.recipient
    if "reply_to" in mail.payload:
        made["Reply-To"] = mail.payload["reply_to"]
    made["Date"] = format_datetime(mail.created_at)
    made["Message-ID"] = f"<outbox-{mail.id}-{int(mail.created_at.timestamp())}@{sender.partition('@')[2]}>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(render_template(f"{folder}/body.txt", **mail.payload).strip() + "\n")
    return made
