"""The audit line, the outbox and the receipts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from deust.domain.errors import NotFound
from deust.domain.people import SignedIn
from deust.domain.records import read_code
from deust.models.quizzes import Attempt
from deust.models.records import AuditEvent, OutboxMessage, Receipt
from deust.models.transaction import reading, writing
from deust.queries.records import find_receipt, held_tables
from deust.services import records
from tests.support import factories
from tests.support.barrier import at_once
from tests.support.clock import NOW, Clock


def queue(clock: Clock, **payload: Any) -> None:
    with writing() as session:
        records.queue_mail(session, kind="reset", recipient="lea@example.org", payload=payload, now=clock())


def claim(clock: Clock, limit: int = 20) -> tuple[records.Mail, ...]:
    with writing() as session:
        return records.claim_mail(session, limit=limit, now=clock())


@pytest.fixture
def attempt_id(database: Flask) -> int:
    with writing() as session:
        learner: SignedIn = factories.learner(session)
        attempt = Attempt(
            public_id="a" * 32,
            person_id=learner.person_id,
            item_ref="ec101-accueil/quiz",
            number=1,
            item_version="v1",
            settings={"title": "Quiz d'accueil"},
            paper=[],
            started_at=NOW,
            closed_at=NOW,
            closed_by="person",
            out_of=10,
        )
        session.add(attempt)
        session.flush()
        return attempt.id


def test_an_act_that_fails_leaves_no_audit_line(database: Flask, clock: Clock) -> None:
    def fail() -> None:
        with writing() as session:
            records.audit(session, at=clock(), actor_id=None, act="person:create", subject="person:1", role="student")
            session.flush()
            raise NotFound

    with pytest.raises(NotFound):
        fail()
    with writing() as session:
        assert session.scalars(select(func.count()).select_from(AuditEvent)).one() == 0
        records.audit(session, at=clock(), actor_id=None, act="person:create", subject="person:1", role="student")
    with writing() as session:
        assert session.scalars(select(AuditEvent)).one().detail == {"role": "student"}


def test_a_mail_sent_is_not_sent_again_and_its_links_are_forgotten(database: Flask, clock: Clock) -> None:
    queue(clock, link="https://deust.example/liens/secret")
    (mail,) = claim(clock)
    assert mail.payload == {"link": "https://deust.example/liens/secret"}
    with writing() as session:
        records.mark_sent(session, mail.id, now=clock())
    clock.move(days=1)
    assert claim(clock) == ()
    with writing() as session:
        assert session.scalars(select(OutboxMessage)).one().payload == {}


@pytest.mark.slow
def test_a_mail_whose_sending_failed_is_due_again_later_and_later(database: Flask, clock: Clock) -> None:
    queue(clock)
    pauses = []
    while True:
        before = clock()
        for _ in range(2000):
            if claim(clock):
                break
            clock.move(minutes=1)
        else:
            break
        pauses.append(int((clock() - before).total_seconds()) // 60)
    assert pauses == [0, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360]


@pytest.mark.both
def test_two_jobs_never_take_the_same_mail(database: Flask, clock: Clock) -> None:
    for _ in range(30):
        queue(clock)
    taken = at_once(database, [lambda: claim(clock, limit=10) for _ in range(3)])
    ids = [mail.id for part in taken for mail in part]
    assert len(ids) == len(set(ids))
    assert {*ids, *(mail.id for mail in claim(clock, limit=30))} == set(range(1, 31))


def test_a_rolled_back_act_sends_nothing(database: Flask, clock: Clock) -> None:
    def fail() -> None:
        with writing() as session:
            records.queue_mail(session, kind="reset", recipient="a@example.org", payload={}, now=clock())
            session.flush()
            raise NotFound

    with pytest.raises(NotFound):
        fail()
    assert claim(clock) == ()


@pytest.mark.both
def test_an_attempt_has_one_receipt(attempt_id: int, clock: Clock) -> None:
    with writing() as session:
        first = factories.receipt(session, attempt_id)
    with writing() as session:
        with pytest.raises(IntegrityError), session.begin_nested():
            factories.receipt(session, attempt_id, answers_hash="0" * 64, answers_count=0, now=clock.move(hours=1))
        kept = session.scalars(select(Receipt)).one()
        assert (kept.code, kept.answers_hash, kept.made_at) == (first, "f" * 64, NOW)
    assert read_code(first) == first


def test_a_receipt_says_what_and_when_and_never_who(attempt_id: int) -> None:
    with writing() as session:
        made = factories.receipt(session, attempt_id)
    with reading() as connection:
        found = find_receipt(connection, code=made)
        assert find_receipt(connection, code=made[::-1]) is None
    assert found is not None
    assert (found.item_title, found.answers_count, found.closed_at) == ("Quiz d'accueil", 9, NOW)


def test_codes_do_not_repeat() -> None:
    made = [records.new_receipt(attempt_id=1, answers_hash="", answers_count=0, now=NOW)["code"] for _ in range(50)]
    assert len({read_code(code) for code in made} - {None}) == 50


def test_old_mails_are_purged(database: Flask, clock: Clock) -> None:
    queue(clock)
    with writing() as session:
        assert records.purge(session, now=clock() + timedelta(days=30)) == 0
        assert records.purge(session, now=clock() + timedelta(days=31)) == 1


def test_every_table_declares_what_it_holds() -> None:
    """PV-01."""
    tables = held_tables()
    assert len(tables) >= 20
    assert all(table.privacy.purpose and table.privacy.keep for table in tables)
