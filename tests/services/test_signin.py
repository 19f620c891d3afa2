"""Sessions, links and throttling, on real rows and with the real hash."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from argon2 import Parameters, PasswordHasher, extract_parameters
from flask import Flask
from sqlalchemy import func, select

from deust.adapters.passwords import Passwords
from deust.domain.access import Role
from deust.domain.errors import Forbidden, LinkExpired, NotFound, SignInRefused, SignInThrottled, WeakPassword
from deust.domain.people import SignedIn
from deust.domain.signin import Asking, asking, device_mark
from deust.models.people import Person
from deust.models.records import OutboxMessage
from deust.models.signin import SignInLink, SignInSession, SignInTry
from deust.models.transaction import reading, writing
from deust.queries.signin import link_holder, sign_in_state, signed_in
from deust.services import signin
from tests.support import factories
from tests.support.barrier import at_once
from tests.support.clock import Clock
from tests.support.statements import statements

SECRET = b"a secret"
PASSWORD = "un chat bleu sur le toit"
NEW_PASSWORD = "trois vélos sous la pluie"
EMAIL = "lea@example.org"


@pytest.fixture
def lea(database: Flask, passwords: Passwords) -> Person:
    with writing() as session:
        return factories.student(session, email=EMAIL, password_hash=passwords.hashed(PASSWORD))


def asked(email: str = EMAIL, address: str = "192.0.2.7", **more: Any) -> Asking:
    return asking(email=email, address=address, device=more.pop("device", None), secret=SECRET, **more)


def sign_in(password: str, passwords: Passwords, clock: Clock, who: Asking | None = None) -> signin.OpenedSession:
    """What a page does: read, verify outside any transaction, write."""
    who = who or asked()
    with reading() as connection:
        state = sign_in_state(connection, who, now=clock())
    if not signin.verified(state, who, password, passwords=passwords, now=clock()):
        with writing() as session:
            signin.note_failure(session, who, now=clock())
        raise SignInRefused
    with writing() as session:
        return signin.sign_in(session, who, verified_for=state.account, device="Firefox", now=clock())


def visitor(opened: signin.OpenedSession, clock: Clock) -> SignedIn | None:
    with reading() as connection:
        return signed_in(connection, token_hash=opened.token_hash, now=clock())


def fail(times: int, passwords: Passwords, clock: Clock, who: Asking | None = None) -> int:
    """Wrong passwords, one a second; gives how many were looked at."""
    looked_at = 0
    for _ in range(times):
        clock.move(seconds=1)
        with pytest.raises((SignInRefused, SignInThrottled)) as refusal:
            sign_in("pas le bon mot de passe", passwords, clock, who)
        looked_at += refusal.type is SignInRefused
    return looked_at


def mails(kind: str) -> list[OutboxMessage]:
    with writing() as session:
        return list(session.scalars(select(OutboxMessage).where(OutboxMessage.kind == kind)))


def token_of(mail: OutboxMessage) -> str:
    return mail.payload["link"].rpartition("/")[2]


def ask_reset(clock: Clock, email: str = EMAIL, address: str = "192.0.2.7") -> None:
    with writing() as session:
        signin.ask_reset(session, asked(email, address, act="reset"), base_url="https://deust.example", now=clock())


def use_link(token: str, clock: Clock, password_hash: str | None = None) -> None:
    with reading() as connection:
        holder = link_holder(connection, token_hash=signin.token_hash(token), now=clock())
    if holder is None:
        raise LinkExpired
    with writing() as session:
        signin.choose_password(
            session,
            holder,
            token_hash=signin.token_hash(token),
            password_hash=password_hash or "some hash",
            now=clock(),
        )


@pytest.mark.both
def test_the_right_password_opens_a_session_and_the_database_holds_no_token(
    lea: Person, passwords: Passwords, clock: Clock
) -> None:
    opened = sign_in(PASSWORD, passwords, clock, asked("  LEA@Example.org"))
    person = visitor(opened, clock)
    assert person is not None
    assert person.person_id == lea.id
    with writing() as session:
        row = session.scalars(select(SignInSession)).one()
        assert opened.token not in (row.token_hash, row.device)
        assert (row.device, row.expires_at - row.created_at) == ("Firefox", timedelta(days=14))
        kept = session.scalars(select(SignInTry)).one()
        assert EMAIL not in (kept.account_key, kept.address_key)
        assert kept.has_succeeded


def test_a_session_ends_by_itself_and_sooner_for_staff(database: Flask, passwords: Passwords, clock: Clock) -> None:
    with writing() as session:
        factories.person(
            session, email="tutrice@example.org", role=Role.TUTOR.value, password_hash=passwords.hashed(PASSWORD)
        )
    opened = sign_in(PASSWORD, passwords, clock, asked("tutrice@example.org"))
    clock.move(hours=12, seconds=-1)
    assert visitor(opened, clock)
    clock.move(seconds=1)
    assert visitor(opened, clock) is None


@pytest.mark.parametrize("change", [{"is_active": False}, {"password_hash": None}])
def test_a_closed_account_and_one_without_password_refuse_alike(
    lea: Person, passwords: Passwords, clock: Clock, change: dict[str, Any]
) -> None:
    with writing() as session:
        row = session.get_one(Person, lea.id)
        for name, value in change.items():
            setattr(row, name, value)
    with pytest.raises(SignInRefused):
        sign_in(PASSWORD, passwords, clock)


@pytest.mark.parametrize("password", ["", "x" * 5000, "demi \ud83d couple de signes", PASSWORD + "\0"])
def test_no_text_makes_verifying_fail(lea: Person, passwords: Passwords, clock: Clock, password: str) -> None:
    with pytest.raises(SignInRefused):
        sign_in(password, passwords, clock)


def test_a_password_changed_meanwhile_refuses(lea: Person, passwords: Passwords, clock: Clock) -> None:
    with reading() as connection:
        state = sign_in_state(connection, asked(), now=clock())
    with writing() as session:
        session.get_one(Person, lea.id).password_hash = "other"
    with pytest.raises(SignInRefused), writing() as session:
        signin.sign_in(session, asked(), verified_for=state.account, device="", now=clock())
    with writing() as session:
        assert session.scalars(select(func.count()).select_from(SignInSession)).one() == 0


def test_a_guess_among_many_sent_at_once_opens_nothing(lea: Person, passwords: Passwords, clock: Clock) -> None:
    """All were verified before the first failure was counted; counting decides when the session would open."""
    with reading() as connection:
        state = sign_in_state(connection, asked(), now=clock())
    for _ in range(10):
        with writing() as session:
            signin.note_failure(session, asked(), now=clock())
    with pytest.raises(SignInThrottled), writing() as session:
        signin.sign_in(session, asked(), verified_for=state.account, device="", now=clock())


@pytest.mark.case("AU-01")
def test_guessing_from_one_place_slows_down_and_the_right_password_works_after_the_wait(
    lea: Person, passwords: Passwords, clock: Clock
) -> None:
    """AU-01, one address."""
    assert fail(100, passwords, clock) < 12
    with pytest.raises(SignInThrottled) as throttled:
        sign_in(PASSWORD, passwords, clock)
    assert 0 < throttled.value.seconds <= 900
    clock.move(seconds=throttled.value.seconds)
    assert visitor(sign_in(PASSWORD, passwords, clock), clock)


@pytest.mark.both
@pytest.mark.case("AU-01")
def test_guessing_from_many_places_never_locks_the_owner_out(lea: Person, passwords: Passwords, clock: Clock) -> None:
    """AU-01, fifty addresses: a new device waits a minute at most, one that signed in before does not."""
    mark = device_mark(asked().account_key, "nonce", secret=SECRET)
    for number in range(50):
        fail(2, passwords, clock, asked(address=f"198.51.100.{number}"))
    with pytest.raises(SignInThrottled) as throttled:
        sign_in(PASSWORD, passwords, clock, asked(address="192.0.2.99"))
    assert throttled.value.seconds <= 60
    assert visitor(sign_in(PASSWORD, passwords, clock, asked(address="192.0.2.99", device=mark)), clock)
    clock.move(seconds=throttled.value.seconds)
    assert visitor(sign_in(PASSWORD, passwords, clock, asked(address="192.0.2.99")), clock)


@pytest.mark.case("AU-01")
def test_the_owner_is_told_once_an_hour(lea: Person, passwords: Passwords, clock: Clock) -> None:
    for number in range(30):
        clock.move(seconds=61)
        fail(1, passwords, clock, asked(address=f"198.51.100.{number}"))
    told = mails("sign-in-failures")
    assert [mail.recipient for mail in told] == [EMAIL]
    assert told[0].payload["count"] == 10
    clock.move(hours=1)
    for number in range(10):
        clock.move(seconds=61)
        fail(1, passwords, clock, asked(address=f"198.51.100.{number}"))
    assert len(mails("sign-in-failures")) == 2


def test_an_unknown_address_is_throttled_like_a_known_one(lea: Person, passwords: Passwords, clock: Clock) -> None:
    def waits(email: str) -> list[int]:
        found = []
        for _ in range(8):
            with pytest.raises((SignInRefused, SignInThrottled)) as refusal:
                sign_in("pas le bon mot de passe", passwords, clock, asked(email, address=email))
            found.append(getattr(refusal.value, "seconds", 0))
        return found

    assert waits(EMAIL) == waits("personne@example.org")


def test_an_unknown_address_is_as_much_work(
    lea: Person, passwords: Passwords, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AU-03: the same statements and one hash of the same cost: what takes the time is counted."""
    hashed: list[Parameters] = []
    verify = PasswordHasher.verify

    def counted(hasher: PasswordHasher, kept: str, password: str) -> bool:
        hashed.append(extract_parameters(kept))
        return verify(hasher, kept, password)

    monkeypatch.setattr(PasswordHasher, "verify", counted)

    def work(email: str) -> tuple[list[str], list[Parameters]]:
        hashed.clear()
        with statements() as sent, reading() as connection:
            state = sign_in_state(connection, asked(email), now=clock())
        assert not signin.verified(state, asked(email), "pas le bon mot de passe", passwords=passwords, now=clock())
        return sent, list(hashed)

    assert work(EMAIL) == work("personne@example.org")
    assert len(hashed) == 1


def test_asking_a_reset_does_as_much_for_an_unknown_address_and_sends_nothing(lea: Person, clock: Clock) -> None:
    ask_reset(clock, "personne@example.org")
    assert mails("reset") == []
    ask_reset(clock)
    assert [mail.recipient for mail in mails("reset")] == [EMAIL]
    with writing() as session:
        assert session.scalars(select(func.count()).select_from(SignInTry)).one() == 2


def test_resets_are_limited_by_person_and_by_place(lea: Person, clock: Clock) -> None:
    for number in range(6):
        ask_reset(clock, address=f"198.51.100.{number}")
    assert len(mails("reset")) == 3
    for _ in range(5):
        ask_reset(clock, "personne@example.org")
    with pytest.raises(SignInThrottled):
        ask_reset(clock, "personne@example.org")


def test_many_resets_from_one_campus_are_all_served(database: Flask, clock: Clock) -> None:
    with writing() as session:
        people = [factories.person(session).email for _ in range(60)]
    for email in people:
        ask_reset(clock, email)
    assert {mail.recipient for mail in mails("reset")} == set(people)


def test_a_link_leads_to_the_configured_address(lea: Person, clock: Clock) -> None:
    """AU-05: nothing of the request makes the link."""
    ask_reset(clock)
    assert mails("reset")[0].payload["link"].startswith("https://deust.example/liens/")


@pytest.mark.case("AU-04")
def test_a_link_works_once_in_time_and_ends_every_session(lea: Person, passwords: Passwords, clock: Clock) -> None:
    """AU-04."""
    opened = sign_in(PASSWORD, passwords, clock)
    ask_reset(clock)
    token = token_of(mails("reset")[0])
    with pytest.raises(LinkExpired):
        use_link(("A" if token[0] != "A" else "B") + token[1:], clock)
    assert visitor(opened, clock)
    use_link(token, clock, passwords.hashed(NEW_PASSWORD))
    assert visitor(opened, clock) is None
    assert visitor(sign_in(NEW_PASSWORD, passwords, clock), clock)
    assert [mail.recipient for mail in mails("password-changed")] == [EMAIL]
    with pytest.raises(LinkExpired):
        use_link(token, clock)


@pytest.mark.case("AU-04")
def test_a_link_expires_after_an_hour_an_invitation_after_seven_days(lea: Person, clock: Clock) -> None:
    ask_reset(clock)
    clock.move(hours=1)
    with pytest.raises(LinkExpired):
        use_link(token_of(mails("reset")[0]), clock)
    with writing() as session:
        signin.invite(session, lea.id, by=None, base_url="https://deust.example", now=clock())
    clock.move(days=7, seconds=-1)
    use_link(token_of(mails("invitation")[0]), clock)


@pytest.mark.case("AU-04")
def test_a_newer_link_and_a_changed_password_end_a_link(lea: Person, passwords: Passwords, clock: Clock) -> None:
    ask_reset(clock)
    ask_reset(clock)
    older, newer = map(token_of, mails("reset"))
    with pytest.raises(LinkExpired):
        use_link(older, clock)
    opened = sign_in(PASSWORD, passwords, clock)
    with reading() as connection:
        account = sign_in_state(connection, asked(), now=clock()).account
    with writing() as session:
        signin.change_password(session, account, password_hash="hash", keep=opened.token_hash, now=clock())
    with pytest.raises(LinkExpired):
        use_link(newer, clock)


def test_asking_for_an_invited_address_takes_no_invitation_away(lea: Person, clock: Clock) -> None:
    """It says that it is good for seven days, and anyone may ask for any address."""
    with writing() as session:
        signin.invite(session, lea.id, by=None, base_url="https://deust.example", now=clock())
    ask_reset(clock)
    clock.move(days=6)
    use_link(token_of(mails("invitation")[0]), clock)


def test_a_first_password_is_told_as_chosen_not_as_changed(database: Flask, clock: Clock) -> None:
    """« Vos autres appareils ont été déconnectés » was the first thing that a new student read."""
    with writing() as session:
        newcomer = factories.person(session)
        signin.invite(session, newcomer.id, by=None, base_url="https://deust.example", now=clock())
    use_link(token_of(mails("invitation")[0]), clock)
    assert [mail.recipient for mail in mails("password-chosen")] == [newcomer.email]
    assert mails("password-changed") == []


def test_a_newer_invitation_and_a_password_chosen_end_every_link(lea: Person, clock: Clock) -> None:
    ask_reset(clock)
    for _ in range(2):
        with writing() as session:
            signin.invite(session, lea.id, by=None, base_url="https://deust.example", now=clock())
    older, newer = map(token_of, mails("invitation"))
    for token in (token_of(mails("reset")[0]), older):
        with pytest.raises(LinkExpired):
            use_link(token, clock)
    ask_reset(clock)
    use_link(token_of(mails("reset")[1]), clock)
    with pytest.raises(LinkExpired):
        use_link(newer, clock)


@pytest.mark.both
@pytest.mark.case("AU-04")
def test_a_link_used_twice_at_once_works_once(lea: Person, database: Flask, clock: Clock) -> None:
    """AU-04, in parallel."""
    ask_reset(clock)
    token = token_of(mails("reset")[0])

    def use(number: int) -> str:
        try:
            use_link(token, clock, f"hash {number}")
        except LinkExpired:
            return "refused"
        return f"hash {number}"

    results = at_once(database, [lambda number=number: use(number) for number in range(6)])
    assert results.count("refused") == 5
    with writing() as session:
        assert session.get_one(Person, lea.id).password_hash in set(results) - {"refused"}


@pytest.mark.case("AU-08")
def test_changing_the_password_ends_the_other_devices_at_once(lea: Person, passwords: Passwords, clock: Clock) -> None:
    """AU-08."""
    here, elsewhere = sign_in(PASSWORD, passwords, clock), sign_in(PASSWORD, passwords, clock)
    with reading() as connection:
        account = sign_in_state(connection, asked(), now=clock()).account
    new_hash = signin.hashed_new_password(NEW_PASSWORD, about=(EMAIL,), passwords=passwords)
    with writing() as session:
        signin.change_password(session, account, password_hash=new_hash, keep=here.token_hash, now=clock())
    assert visitor(here, clock)
    assert visitor(elsewhere, clock) is None
    with pytest.raises(SignInRefused), writing() as session:
        signin.change_password(session, account, password_hash="x", keep=here.token_hash, now=clock())


def test_a_weak_password_is_never_hashed(passwords: Passwords) -> None:
    with pytest.raises(WeakPassword):
        signin.hashed_new_password("motdepasse12345", about=(EMAIL,), passwords=passwords)


def test_one_form_of_an_accent_opens_what_another_chose(lea: Person, passwords: Passwords, clock: Clock) -> None:
    with writing() as session:
        session.get_one(Person, lea.id).password_hash = signin.hashed_new_password(
            " une e\u0301toile sans ciel", about=(EMAIL,), passwords=passwords
        )
    assert sign_in(" une étoile sans ciel", passwords, clock)
    with pytest.raises(SignInRefused):
        sign_in("une étoile sans ciel", passwords, clock)


def test_signing_out_ends_one_session_and_the_others_can_be_ended(
    lea: Person, passwords: Passwords, clock: Clock
) -> None:
    first, second, third = (sign_in(PASSWORD, passwords, clock) for _ in range(3))
    with writing() as session:
        signin.sign_out(session, first.token_hash, now=clock())
    assert [visitor(opened, clock) is None for opened in (first, second, third)] == [True, False, False]
    with writing() as session:
        assert signin.end_other_sessions(session, lea.id, keep=second.token_hash, now=clock()) == 1
    assert [visitor(opened, clock) is None for opened in (first, second, third)] == [True, False, True]


@pytest.mark.case("AU-08")
def test_a_disabled_account_dies_at_once_and_its_links_too(lea: Person, passwords: Passwords, clock: Clock) -> None:
    """AU-08."""
    opened = sign_in(PASSWORD, passwords, clock)
    ask_reset(clock)
    with writing() as session:
        manager = factories.person(session, role=Role.MANAGER.value)
        signin.disable_account(session, lea.id, by=manager.id, now=clock())
    assert visitor(opened, clock) is None
    with pytest.raises(LinkExpired):
        use_link(token_of(mails("reset")[0]), clock)
    with pytest.raises(NotFound), writing() as session:
        signin.invite(session, lea.id, by=manager.id, base_url="", now=clock())
    with writing() as session:
        signin.enable_account(session, lea.id, by=manager.id, now=clock())
    assert visitor(opened, clock) is None
    assert sign_in(PASSWORD, passwords, clock)


def test_nobody_disables_themselves_or_the_last_administrator(database: Flask, clock: Clock) -> None:
    with writing() as session:
        admin, manager = (factories.person(session, role=role.value) for role in (Role.ADMIN, Role.MANAGER))
    for target, by in ((admin, manager), (manager, manager)):
        with pytest.raises(Forbidden), writing() as session:
            signin.disable_account(session, target.id, by=by.id, now=clock())
    with writing() as session:
        other = factories.person(session, role=Role.ADMIN.value)
        signin.disable_account(session, admin.id, by=other.id, now=clock())
        assert not session.get_one(Person, admin.id).is_active


def test_purging_keeps_what_still_serves(lea: Person, passwords: Passwords, clock: Clock) -> None:
    sign_in(PASSWORD, passwords, clock)
    ask_reset(clock)
    with writing() as session:
        assert signin.purge(session, now=clock()) == 0
        assert signin.purge(session, now=clock() + timedelta(hours=25)) == 2
        assert signin.purge(session, now=clock() + timedelta(days=30, hours=2)) == 1
        assert signin.purge(session, now=clock() + timedelta(days=45)) == 1
        assert session.scalars(select(func.count()).select_from(SignInLink)).one() == 0


@pytest.mark.both
@pytest.mark.case("AU-02")
def test_a_campus_signs_in_at_once(database: Flask, passwords: Passwords, clock: Clock) -> None:
    """AU-02: many students behind one address, one in ten typing a wrong password first; nobody waits."""
    password_hash = passwords.hashed(PASSWORD)
    with writing() as session:
        emails = [factories.person(session, password_hash=password_hash).email for _ in range(120)]

    def arrive(part: int) -> int:
        for number, email in enumerate(emails[part::6]):
            if number % 10 == 0:
                with pytest.raises(SignInRefused):
                    sign_in("pas le bon mot de passe", passwords, clock, asked(email))
            sign_in(PASSWORD, passwords, clock, asked(email))
        return len(emails[part::6])

    assert sum(at_once(database, [lambda part=part: arrive(part) for part in range(6)])) == 120
