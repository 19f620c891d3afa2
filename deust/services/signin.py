"""Signing in and out, choosing a password, ending sessions.

Hashing takes tens of milliseconds, so it never happens inside a transaction: `verified` and `hashed_new_password` work
without the database, between a read and a write.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from deust.adapters.passwords import Passwords
from deust.domain.access import Role
from deust.domain.common_passwords import COMMON
from deust.domain.errors import Forbidden, LinkExpired, NotFound, SignInRefused, SignInThrottled
from deust.domain.signin import (
    INVITATION_LASTS,
    LONGEST,
    RESET_LASTS,
    RESETS_AN_HOUR,
    TOLD_AGAIN,
    TOLD_FROM,
    Asking,
    Tries,
    ensure_strong,
    normalised_password,
    session_length,
    wait_seconds,
)
from deust.models.people import Person
from deust.models.records import OutboxMessage
from deust.models.signin import SignInLink, SignInSession, SignInTry
from deust.queries.signin import Account, LinkHolder, SignInState, sign_in_state
from deust.services.records import audit, audit_all, audit_line, mail_row, queue_all

TRIES_KEPT = timedelta(hours=24)
ENDED_KEPT = timedelta(days=30)

_END_LINKS = (
    update(SignInLink)
    .where(
        SignInLink.person_id == bindparam("whose"),
        SignInLink.used_at.is_(None),
        SignInLink.expires_at > bindparam("now"),
    )
    .values(expires_at=bindparam("now"))
)


@dataclass(frozen=True, kw_only=True)
class OpenedSession:
    """`token` is for the cookie only; the database keeps its hash."""

    token: str
    token_hash: str
    person_id: int


def verified(state: SignInState, asking: Asking, password: str, *, passwords: Passwords, now: datetime) -> bool:
    """Whether the password is the account's. Refuses to look before the wait is over; an unknown account takes as long.

    Called outside any transaction.
    """
    _ensure_may_try(state.tries, asking, now)
    known = state.account.password_hash if state.account else None
    if len(password) > LONGEST:
        return passwords.matches(None, "")
    return passwords.matches(known, _bytes_safe(normalised_password(password)))


def sign_in(session: Session, asking: Asking, *, verified_for: Account, device: str, now: datetime) -> OpenedSession:
    """Open a session after a right password, unless the account changed or others failed too often meanwhile."""
    state = sign_in_state(session.connection(), asking, now=now)
    if state.account != verified_for:
        raise SignInRefused
    _ensure_may_try(state.tries, asking, now)
    _note_try(session, asking, has_succeeded=True, now=now)
    return _open_session(session, verified_for.person_id, verified_for.role, device=device, now=now)


def note_success(session: Session, asking: Asking, *, now: datetime) -> None:
    """Count a right password that opens nothing."""
    _note_try(session, asking, has_succeeded=True, now=now)


def note_failure(session: Session, asking: Asking, *, now: datetime) -> None:
    """Count a wrong password; from the tenth in 15 minutes the owner is told by mail, once an hour."""
    _note_try(session, asking, has_succeeded=False, now=now)
    session.flush()
    state = sign_in_state(session.connection(), asking, now=now)
    if state.account is None or state.tries.account.count < TOLD_FROM:
        return
    person = session.get_one(Person, state.account.person_id)
    if not _was_told(session, person.email, now):
        _mail(session, person, "sign-in-failures", now=now, count=state.tries.account.count)


def sign_out(session: Session, token_hash: str, *, now: datetime) -> None:
    _end_sessions(session, SignInSession.token_hash == token_hash, now=now)


def end_other_sessions(session: Session, person_id: int, *, keep: str, now: datetime) -> int:
    """Sign every other device out at its next request; says how many were."""
    ended = _end_sessions(session, SignInSession.person_id == person_id, SignInSession.token_hash != keep, now=now)
    audit(session, at=now, actor_id=person_id, act="session:end", subject=f"person:{person_id}", count=ended)
    return ended


def end_all_sessions(session: Session, person_id: int, *, now: datetime) -> int:
    return _end_sessions(session, SignInSession.person_id == person_id, now=now)


def invite(session: Session, person_id: int, *, by: int | None, base_url: str, now: datetime) -> None:
    """Send a person a link to choose a password, valid 7 days; it replaces any link sent before."""
    person = session.get(Person, person_id)
    if person is None or not person.is_active:
        raise NotFound
    invite_all(session, [person], by=by, base_url=base_url, now=now)


def invite_all(session: Session, people: Sequence[Person], *, by: int | None, base_url: str, now: datetime) -> None:
    """Send each of these active people such a link: as many statements as for one."""
    _end_links(session, [person.id for person in people], now=now)
    links = [_new_link(session, one, "invitation", INVITATION_LASTS, base_url=base_url, now=now) for one in people]
    queue_all(
        session, [_mail_row(one, "invitation", now=now, link=link) for one, link in zip(people, links, strict=True)]
    )
    audit_all(
        session, [audit_line(at=now, actor_id=by, act="link:invite", subject=f"person:{one.id}") for one in people]
    )


def ask_reset(session: Session, asking: Asking, *, base_url: str, now: datetime) -> None:
    """Send a link valid one hour, at most three an hour. For an unknown address the same is done, but nothing is sent.

    It replaces the one before; an invitation stays good, or anyone could take it away by asking for its address.
    `asking` is made with `act="reset"`; only repeated asking from one place for one address has to wait.
    """
    tries = sign_in_state(session.connection(), asking, now=now).tries
    _ensure_may_try(Tries(pair=tries.pair), asking, now)
    _note_try(session, asking, has_succeeded=False, now=now)
    person = session.scalars(select(Person).where(Person.email == asking.email, Person.is_active)).one_or_none()
    if person is None or _links_since(session, person.id, now - timedelta(hours=1)) >= RESETS_AN_HOUR:
        return
    _end_links(session, [person.id], SignInLink.purpose == "reset", now=now)
    link = _new_link(session, person, "reset", RESET_LASTS, base_url=base_url, now=now)
    _mail(session, person, "reset", now=now, link=link)
    audit(session, at=now, actor_id=None, act="link:reset", subject=f"person:{person.id}")


def hashed_new_password(password: str, *, about: tuple[str, ...], passwords: Passwords) -> str:
    """The hash of a password that the rules accept. Called outside any transaction."""
    ensure_strong(password, about=about, common=COMMON)
    return passwords.hashed(normalised_password(password))


def choose_password(
    session: Session, holder: LinkHolder, *, token_hash: str, password_hash: str, now: datetime
) -> None:
    """Use a link: once, in time, by an active account. Every session and every other link ends."""
    used = session.execute(
        update(SignInLink)
        .where(SignInLink.token_hash == token_hash, SignInLink.used_at.is_(None), SignInLink.expires_at > now)
        .values(used_at=now)
    )
    person = session.get(Person, holder.person_id)
    if _count(used) != 1 or person is None or not person.is_active:
        raise LinkExpired
    _set_password(session, person, password_hash, now=now, by=person.id)
    end_all_sessions(session, person.id, now=now)


def change_password(session: Session, account: Account, *, password_hash: str, keep: str, now: datetime) -> None:
    """Change the password of someone who has just proved the present one. Other devices and pending links end."""
    person = session.get_one(Person, account.person_id)
    if person.password_hash != account.password_hash:
        raise SignInRefused
    _set_password(session, person, password_hash, now=now, by=person.id)
    _end_sessions(session, SignInSession.person_id == person.id, SignInSession.token_hash != keep, now=now)


def disable_account(session: Session, person_id: int, *, by: int, now: datetime) -> None:
    """Close an account at once: sessions and links end. Nobody closes their own, nor the last administrator's."""
    person = _person(session, person_id)
    if person.id == by or _is_last_admin(session, person):
        raise Forbidden
    person.is_active = False
    end_all_sessions(session, person.id, now=now)
    _end_links(session, [person.id], now=now)
    audit(session, at=now, actor_id=by, act="person:disable", subject=f"person:{person.id}")


def enable_account(session: Session, person_id: int, *, by: int, now: datetime) -> None:
    """Open a closed account again; its old sessions stay ended."""
    person = _person(session, person_id)
    person.is_active = True
    audit(session, at=now, actor_id=by, act="person:enable", subject=f"person:{person.id}")


def purge(session: Session, *, now: datetime) -> int:
    """Delete tries after 24 hours, sessions and links 30 days after their end. Says how many rows."""
    old = now - ENDED_KEPT
    gone = (
        session.execute(delete(SignInTry).where(SignInTry.tried_at < now - TRIES_KEPT)),
        session.execute(delete(SignInLink).where((SignInLink.expires_at < old) | (SignInLink.used_at < old))),
        session.execute(
            delete(SignInSession).where((SignInSession.expires_at < old) | (SignInSession.revoked_at < old))
        ),
    )
    return sum(map(_count, gone))


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def _ensure_may_try(tries: Tries, asking: Asking, now: datetime) -> None:
    seconds = wait_seconds(tries, now=now, is_known_device=asking.is_known_device)
    if seconds:
        raise SignInThrottled(seconds)


def _note_try(session: Session, asking: Asking, *, has_succeeded: bool, now: datetime) -> None:
    session.add(
        SignInTry(
            account_key=asking.account_key, address_key=asking.place_key, has_succeeded=has_succeeded, tried_at=now
        )
    )


def _open_session(session: Session, person_id: int, role: Role, *, device: str, now: datetime) -> OpenedSession:
    token = secrets.token_urlsafe(32)
    opened = OpenedSession(token=token, token_hash=token_hash(token), person_id=person_id)
    session.add(
        SignInSession(
            token_hash=opened.token_hash,
            person_id=person_id,
            device=device,
            created_at=now,
            expires_at=now + session_length(role),
        )
    )
    return opened


def _end_sessions(session: Session, *whose: ColumnElement[bool], now: datetime) -> int:
    return _count(
        session.execute(update(SignInSession).where(*whose, SignInSession.revoked_at.is_(None)).values(revoked_at=now))
    )


def _end_links(session: Session, people_ids: Sequence[int], *which: ColumnElement[bool], now: datetime) -> None:
    session.flush()
    if people_ids:
        session.connection().execute(
            _END_LINKS.where(*which), [{"whose": person_id, "now": now} for person_id in people_ids]
        )


def _new_link(session: Session, person: Person, purpose: str, lasts: timedelta, *, base_url: str, now: datetime) -> str:
    token = secrets.token_urlsafe(32)
    session.add(
        SignInLink(
            token_hash=token_hash(token),
            purpose=purpose,
            person_id=person.id,
            created_at=now,
            expires_at=now + lasts,
        )
    )
    return f"{base_url}/liens/{token}"


def _set_password(session: Session, person: Person, password_hash: str, *, now: datetime, by: int) -> None:
    kind = "password-chosen" if person.password_hash is None else "password-changed"
    person.password_hash = password_hash
    _end_links(session, [person.id], now=now)
    _mail(session, person, kind, now=now)
    audit(session, at=now, actor_id=by, act="password:change", subject=f"person:{person.id}")


def _mail(session: Session, person: Person, kind: str, *, now: datetime, **values: object) -> None:
    queue_all(session, [_mail_row(person, kind, now=now, **values)])


def _mail_row(person: Person, kind: str, *, now: datetime, **values: object) -> dict[str, Any]:
    payload = {"given_name": person.given_name, "locale": person.locale, **values}
    return mail_row(kind=kind, recipient=person.email, payload=payload, now=now)


def _was_told(session: Session, email: str, now: datetime) -> bool:
    told = select(OutboxMessage.id).where(
        OutboxMessage.kind == "sign-in-failures",
        OutboxMessage.recipient == email,
        OutboxMessage.created_at > now - TOLD_AGAIN,
    )
    return session.execute(told.limit(1)).first() is not None


def _links_since(session: Session, person_id: int, since: datetime) -> int:
    count = select(func.count()).where(
        SignInLink.person_id == person_id, SignInLink.purpose == "reset", SignInLink.created_at > since
    )
    return session.scalars(count).one()


def _is_last_admin(session: Session, person: Person) -> bool:
    if person.role != Role.ADMIN:
        return False
    others = select(func.count()).where(Person.role == Role.ADMIN, Person.is_active, Person.id != person.id)
    return session.scalars(others).one() == 0


def _person(session: Session, person_id: int) -> Person:
    person = session.get(Person, person_id)
    if person is None:
        raise NotFound
    return person


def _bytes_safe(text: str) -> str:
    return text.encode(errors="replace").decode()


def _count(result: object) -> int:
    assert isinstance(result, CursorResult)  # noqa: S101
    return result.rowcount
