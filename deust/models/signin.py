"""Sessions, links sent by mail, and the tries that throttling counts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from deust.models.base import Base, Privacy


class SignInSession(Base):
    """A device that is signed in. The cookie holds the token; this row holds only its SHA-256."""

    __tablename__ = "sign_in_session"
    __table_args__ = {  # noqa: RUF012
        "info": {
            "privacy": Privacy(
                personal=True,
                purpose="to keep a person signed in, and to let them end it everywhere",
                keep="30 days after it ends",
                export=True,
            )
        }
    }

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    device: Mapped[str] = mapped_column(String(80), default="")
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class SignInLink(Base):
    """An invitation or a password reset, usable once."""

    __tablename__ = "sign_in_link"
    __table_args__ = {  # noqa: RUF012
        "info": {
            "privacy": Privacy(personal=True, purpose="to let a person choose a password", keep="30 days after its end")
        }
    }

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(12))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SignInTry(Base):
    """One try to sign in; account and address are keyed hashes, not the values."""

    __tablename__ = "sign_in_try"
    __table_args__ = (
        Index("ix_sign_in_try_account_tried", "account_key", "tried_at"),
        Index("ix_sign_in_try_address_tried", "address_key", "tried_at"),
        {
            "info": {
                "privacy": Privacy(
                    personal=True,
                    purpose="to slow down whoever guesses passwords",
                    keep="24 hours",
                )
            }
        },
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_key: Mapped[str] = mapped_column(String(64))
    address_key: Mapped[str] = mapped_column(String(64))
    has_succeeded: Mapped[bool] = mapped_column(Boolean)
    tried_at: Mapped[datetime]
