"""Tabs, pages, retries, flags, granted time, hand-ins and the clock on one attempt, at random, all at once.

Afterwards: every acknowledgement is in the events, the answers are what the events make of them in their order, and
what is marked is what counted at the closing.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import count
from threading import Event
from time import monotonic, sleep

import pytest
from flask import Flask

from deust.domain import attempts
from deust.domain.attempts import NO_ANSWER, CurrentAnswer, Save, SaveOutcome
from deust.domain.errors import AttemptClosed
from deust.models.quizzes import Answer
from deust.models.records import Receipt
from deust.models.transaction import engines, one_connection, writing
from deust.services import answers, quizzes
from deust.services.answer_batches import Posted
from deust.services.people import grant_accommodation
from tests.support import factories
from tests.support.clock import NOW, Clock
from tests.support.takers import Taker

pytestmark = [pytest.mark.both, pytest.mark.slow]

SPEED = 2_400
"""Seconds of the attempt in one of the test: its half hour is over in less than one."""

WORDS = ("reformulation", "x", "y", "")
SEES_ALL = 10**6
KEPT, LATE = SaveOutcome.KEPT, SaveOutcome.LATE


class Hurried(Clock):
    """A clock that runs by itself."""

    def __init__(self) -> None:
        self._started = monotonic()

    @property
    def now(self) -> datetime:
        return NOW + timedelta(seconds=(monotonic() - self._started) * SPEED)


class Melee:
    """One attempt and all who act on it; `told` is each save with what its sender was told."""

    def __init__(self, app: Flask, seed: int) -> None:
        questions = [factories.short(name) for name in "abcde"]
        self.app, self.seed = app, seed
        self.taker = Taker(factories.quiz(*questions, time_seconds=1800), Hurried())
        self.taker.start()
        self.keys = [entry.key for entry in self.taker.paper().values()]
        self.told: list[tuple[Posted, SaveOutcome]] = []
        self.is_over = Event()

    def run(self, *acts: Callable[[random.Random], None]) -> None:
        with ThreadPoolExecutor(len(acts)) as pool:
            running = [pool.submit(self._repeat, act, place) for place, act in enumerate(acts)]
        for one in running:
            one.result()

    def _repeat(self, act: Callable[[random.Random], None], place: int) -> None:
        """Until the attempt is over, and three times more."""
        dice, left = random.Random(f"{self.seed} {place}"), 3
        with self.app.app_context():
            try:
                while left:
                    left -= self.is_over.is_set()
                    act(dice)
            finally:
                self.is_over.set()

    def post(self, *posted: Posted) -> None:
        with one_connection():
            kept = self.taker.post(*posted)
        self.told += [(one, kept.answers[one.key].outcome) for one in posted]
        if kept.is_over:
            self.is_over.set()

    def tab(self, name: str) -> Callable[[random.Random], None]:
        """A script: it saves one question at a time, and sends some saves again."""
        numbers, sent = count(1), list[Posted]()

        def act(dice: random.Random) -> None:
            if sent and dice.random() < 0.2:
                self.post(dice.choice(sent[-3:]))
                return
            number, key, word = next(numbers), dice.choice(self.keys), dice.choice((*WORDS, str(len(sent))))
            seen = {"base_version": dice.choice((0, SEES_ALL)), "clears": not word and dice.random() < 0.5}
            event = {"client": name, "sequence": number, "event_id": f"{name}-{number}:{key}"}
            sent.append(factories.posted(key, {"answer": [word]}, **event, **seen))
            self.post(sent[-1])

        return act

    def page(self, name: str) -> Callable[[random.Random], None]:
        """A page without script: it posts several questions together."""
        numbers = count(1)

        def act(dice: random.Random) -> None:
            number = next(numbers)
            common = {"client": f"{name}-{number // 3}", "base_version": dice.choice((0, SEES_ALL))}
            self.post(
                *(
                    factories.posted(
                        key,
                        {"answer": [dice.choice((*WORDS, f"{name} {number}"))]},
                        event_id=f"{name}-{number}:{key}",
                        only_changes=True,
                        **common,
                    )
                    for key in dice.sample(self.keys, dice.randint(2, 5))
                )
            )

        return act

    def flag(self, dice: random.Random) -> None:
        sleep(0.01)
        named = {"learner": self.taker.learner, "public_id": self.taker.public_id, "key": dice.choice(self.keys)}
        try:
            with writing() as session:
                answers.flag_question(session, **named, is_flagged=dice.random() < 0.5, now=self.taker.clock.now)
        except AttemptClosed:
            self.is_over.set()

    def grant(self, dice: random.Random) -> None:
        sleep(0.005)
        who = {"person_id": self.taker.learner.person_id, "time_multiplier": Fraction(1), "by": None}
        with writing() as session:
            grant_accommodation(session, **who, extra_minutes=dice.randint(0, 6), now=self.taker.clock.now)

    def close_if_overdue(self, _dice: random.Random) -> None:
        sleep(0.003)
        named = {"public_id": self.taker.public_id, "quiz": self.taker.quiz}
        with writing() as session:
            quizzes.close_if_overdue(session, **named, now=self.taker.clock.now)

    def hand_in(self, dice: random.Random) -> None:
        sleep(dice.uniform(0.05, 0.4))
        self.taker.hand_in()


@pytest.mark.case("QZ-06", "QZ-24")
@pytest.mark.parametrize("hands_in", [False, True])
def test_whatever_meets_what_was_acknowledged_is_kept_and_marked(database: Flask, hands_in: bool) -> None:
    melee = Melee(database, seed=int(hands_in))
    savers = (melee.tab("one"), melee.tab("two"), melee.page("three"), melee.page("four"))
    closers = (melee.hand_in, melee.hand_in) if hands_in else ()
    melee.run(*savers, melee.flag, melee.grant, melee.close_if_overdue, *closers)
    melee.close_if_overdue(random.Random())
    ensure_told_is_kept(melee)
    ensure_answers_follow_events(melee)
    ensure_marked_is_what_counted(melee)
    assert [engine.pool.checkedout() for engine in engines()] == [0, 0]  # type: ignore[attr-defined]


def ensure_told_is_kept(melee: Melee) -> None:
    stored = {event.event_id: (event.outcome, event.given or "") for event in melee.taker.events()}
    values = {(event.question_key, event.given or "") for event in melee.taker.events()}
    assert len(stored) == len(melee.taker.events())
    assert len(melee.told) > len(stored) / 2
    for posted, outcome in melee.told:
        (word,) = posted.form["answer"]
        if posted.only_changes and posted.save.event_id not in stored:
            assert outcome is KEPT, "the page changed nothing"
            assert word == "" or (posted.key, word) in values
        else:
            assert stored[posted.save.event_id] == (outcome, word)


def ensure_answers_follow_events(melee: Melee) -> None:
    current: dict[str, CurrentAnswer] = {}
    for event in melee.taker.events():
        before = current.get(event.question_key, NO_ANSWER)
        if event.outcome == LATE:
            continue
        save = Save(
            event_id=event.event_id,
            client=event.client,
            sequence=event.sequence,
            base_version=event.base_version,
            given=event.given,
            clears=event.outcome != SaveOutcome.SUPERSEDED,
        )
        assert attempts.outcome_of(save, before) == event.outcome
        if event.outcome == KEPT:
            current[event.question_key] = attempts.after(save, before)
            assert current[event.question_key].version == event.version
    assert current == {
        row.question_key: CurrentAnswer(given=row.given, version=row.version, client=row.client, clients=row.clients)
        for row in melee.taker._rows(Answer)
        if row.version
    }


def ensure_marked_is_what_counted(melee: Melee) -> None:
    kept = melee.taker.kept()
    by_key = {row.question_key: row.given for row in melee.taker._rows(Answer)}
    (receipt,) = melee.taker._rows(Receipt)
    assert receipt.answers_hash == attempts.answers_hash(by_key)
    assert melee.taker.marks() == {name: int(kept.get(name) == "reformulation") for name in "abcde"}
    assert (melee.taker.marks(version=2), melee.taker.attempt().closed_at is None) == ({}, False)
