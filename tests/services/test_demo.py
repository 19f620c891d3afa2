"""The demonstration: the same people in the same states each time, made once, never in production."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import Connection, func, select, text

from bench.courses import one_module
from deust.adapters.files import FolderStore
from deust.adapters.passwords import Passwords
from deust.app import create_app, ensure_fit
from deust.cli.demo import STORIES, accounts_text, demo, prepare_demo
from deust.config import ROOT, Settings
from deust.content.catalogue import Catalogue
from deust.domain.access import Role
from deust.domain.people import SignedIn
from deust.domain.progress import Progress, State, Status
from deust.domain.signin import SHORTEST
from deust.jobs import convert_recordings, run_once
from deust.models.assignments import Copy, ReleasedMark, SpokenComment
from deust.models.base import Base, db
from deust.models.learning import CheckTry, ItemProgress, SearchEntry
from deust.models.messages import Thread
from deust.models.people import Accommodation, Cohort, Enrolment, Group, ItemDates, Person, Tutoring
from deust.models.quizzes import AnswerEvent, Attempt, AttemptMarks, Sound
from deust.models.records import AuditEvent, Receipt
from deust.models.transaction import engines, reading, writing
from deust.queries.grading import tutors
from deust.queries.progress import progress_of
from deust.services.demo import COHORT, DOMAIN, PASSWORD, STAFF, STUDENTS, seed_demo
from deust.services.demo_marking import invented_voice
from deust.services.demo_stories import Story
from tests.support import factories
from tests.support.clock import NOW, Clock
from tests.support.databases import Databases, bare_app, opened

pytestmark = pytest.mark.slow

GRADED = "ec131-structure-appel/quiz-structure"


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    folder = tmp_path_factory.mktemp("demo")
    return Catalogue(one_module(folder / "courses"), folder / "published", watch=True)


@pytest.fixture(scope="module")
def seeded_app(sqlite_files: Databases, catalogue: Catalogue, passwords: Passwords) -> Iterator[Flask]:
    """One seeded database for all the tests that only look at it."""
    url = sqlite_files.fresh()
    app = bare_app(url)
    with opened(app):
        _seed(catalogue, passwords)
    yield app
    sqlite_files.drop(url)


@pytest.fixture
def seeded(seeded_app: Flask) -> Iterator[Flask]:
    with opened(seeded_app):
        yield seeded_app


def _seed(catalogue: Catalogue, passwords: Passwords, now: datetime = NOW) -> bool:
    with TemporaryDirectory() as folder, writing() as session:
        files = FolderStore(Path(folder))
        return seed_demo(session, catalogue=catalogue, files=files, passwords=passwords, now=now)


def _rows(query: Any) -> list[Any]:
    with reading() as connection:
        return list(connection.execute(query).all())


def _only(story: Story) -> int:
    """The person id of the first student of this story."""
    email = next(account.email for account in STUDENTS if account.story is story)
    return int(_rows(select(Person.id).where(Person.email == email))[0].id)


def _status(catalogue: Catalogue, story: Story, now: datetime = NOW) -> dict[str, Status]:
    programme = catalogue.programme()
    with writing() as session:
        person = session.get_one(Person, _only(story))
        cohort = session.scalars(select(Cohort)).one()
        learner: SignedIn = factories.signed_in(person, cohort)
        progress: Progress = progress_of(session.connection(), learner=learner, programme=programme, now=now)
    return {item.id: progress.status(item) for module in programme.modules.values() for item in module.items}


def test_there_are_24_students_in_two_groups_3_tutors_a_manager_and_an_administrator(seeded: Flask) -> None:
    roles = {
        row.role: row.count for row in _rows(select(Person.role, func.count().label("count")).group_by(Person.role))
    }
    assert roles == {Role.STUDENT: 24, Role.TUTOR: 3, Role.MANAGER: 1, Role.ADMIN: 1}
    followed = _rows(
        select(Group.name, Person.given_name, func.count(Enrolment.id).label("count"))
        .join(Tutoring, Tutoring.group_id == Group.id)
        .join(Person, Person.id == Tutoring.person_id)
        .join(Enrolment, Enrolment.group_id == Group.id)
        .group_by(Group.name, Person.given_name)
        .order_by(Group.name, Person.given_name)
    )
    assert [tuple(row) for row in followed] == [
        ("Groupe A", "Claire", 12),
        ("Groupe A", "Corentin", 12),
        ("Groupe B", "Driss", 12),
    ]


def test_two_tutors_of_a_group_share_its_copies_out(seeded: Flask) -> None:
    with writing() as session:
        claire = factories.signed_in(session.scalars(select(Person).where(Person.given_name == "Claire")).one())
    with reading() as connection:
        assert [one.name for one in tutors(connection, marker=claire)] == ["Claire Aubert", "Corentin Vasseur"]


def test_one_work_is_given_back_with_a_spoken_comment(seeded: Flask) -> None:
    (told,) = _rows(
        select(ReleasedMark.mark, ReleasedMark.content, ReleasedMark.at, Copy.person_id).join(
            Copy, Copy.id == ReleasedMark.copy_id
        )
    )
    assert told.person_id == _only(Story.MARKED)
    assert 0 < told.mark < 20
    assert told.at <= NOW
    (work,) = told.content["works"]
    assert work["remarks"][0]["quote"]
    (comment,) = _rows(select(SpokenComment.id, SpokenComment.released_at, SpokenComment.size))
    assert (work["spoken"], comment.released_at) == (comment.id, told.at)
    assert comment.size < 100_000


def test_the_invented_voice_is_the_same_bytes_each_time() -> None:
    assert invented_voice() == invented_voice()


def test_everyone_is_marked_as_invented_at_a_reserved_domain(seeded: Flask) -> None:
    people = _rows(select(Person.email, Person.is_demo))
    assert all(row.is_demo and row.email.endswith(f"@{DOMAIN}") for row in people)
    assert {row.email for row in people} == {account.email for account in (*STAFF, *STUDENTS)}
    assert DOMAIN.endswith(".example")


def test_the_present_week_is_the_fifth(seeded: Flask, catalogue: Catalogue) -> None:
    assert _rows(select(Cohort.week_one_on))[0].week_one_on == NOW.date() - timedelta(days=NOW.weekday(), weeks=4)


@pytest.mark.slow
@pytest.mark.parametrize(
    "now",
    [
        datetime(2026, 10, 11, 22, 5, tzinfo=UTC),  # Monday, five past midnight in Paris
        datetime(2026, 10, 18, 21, 55, tzinfo=UTC),  # Sunday, five to midnight
        datetime(2027, 3, 29, 6, 0, tzinfo=UTC),  # the day after the clocks change
    ],
)
def test_nothing_is_dated_after_now_nor_before_the_cohort(
    database: Flask, catalogue: Catalogue, passwords: Passwords, now: datetime
) -> None:
    _seed(catalogue, passwords, now)
    moments = [
        *_rows(select(func.min(ItemProgress.opened_at), func.max(ItemProgress.touched_at)))[0],
        *_rows(select(func.min(Attempt.started_at), func.max(Attempt.closed_at)))[0],
        *_rows(select(func.min(AnswerEvent.received_at), func.max(AnswerEvent.received_at)))[0],
        _rows(select(func.max(AuditEvent.at)))[0][0],
    ]
    assert max(moments) <= now
    assert min(moments) >= now - timedelta(weeks=5)


def test_every_story_is_lived_by_someone_and_has_words() -> None:
    assert {account.story for account in STUDENTS} == set(Story) == set(STORIES)


def test_states_of_the_students(seeded: Flask, catalogue: Catalogue) -> None:
    def states(story: Story, item_id: str) -> State:
        return _status(catalogue, story)[item_id].state

    assert not _rows(select(ItemProgress).where(ItemProgress.person_id == _only(Story.NEW)))
    assert states(Story.JUST_BEGUN, "accueillir") is State.LATE
    middle = _status(catalogue, Story.MIDDLE_OF_LESSON)["proposer"]
    assert middle.state is State.STARTED
    assert middle.standing is not None
    assert middle.standing.read_permille == 500
    assert middle.standing.place
    assert states(Story.ON_TIME, "proposer") is State.DONE
    assert states(Story.ON_TIME, "objections") is State.TODO
    assert states(Story.AHEAD, "tracer") is State.DONE
    assert states(Story.AHEAD, "quiz-structure") is State.DONE
    assert states(Story.LATE, "identifier") is State.DONE
    assert states(Story.LATE, "decouvrir") is State.LATE
    assert states(Story.STOPPED, "identifier") is State.LATE
    assert states(Story.TIMED_QUIZ_OPEN, "quiz-structure") is State.STARTED
    assert states(Story.OUT_OF_ATTEMPTS, "quiz-structure") is State.DONE
    assert states(Story.TO_REDO, "quiz-structure") is State.REDO
    assert states(Story.PASSED, "quiz-structure") is State.DONE
    assert states(Story.DATES_MOVED, "decouvrir") is State.TODO


def test_open_attempts_one_timed_one_not(seeded: Flask) -> None:
    timed = _rows(select(Attempt).where(Attempt.person_id == _only(Story.TIMED_QUIZ_OPEN), Attempt.closed_at.is_(None)))
    assert len(timed) == 1
    assert timed[0].deadline_at > NOW
    untimed = _rows(
        select(Attempt).where(Attempt.person_id == _only(Story.UNTIMED_QUIZ_OPEN), Attempt.closed_at.is_(None))
    )
    assert len(untimed) == 1
    assert untimed[0].deadline_at is None


def test_attempts_failed_passed_and_closed_by_the_clock(seeded: Flask) -> None:
    def attempts(story: Story) -> list[tuple[bool, str]]:
        rows = _rows(
            select(Attempt)
            .where(Attempt.person_id == _only(story), Attempt.item_ref == GRADED)
            .order_by(Attempt.number)
        )
        return [(row.score >= row.out_of / 2, row.closed_by) for row in rows]

    assert attempts(Story.OUT_OF_ATTEMPTS) == [(False, "person"), (False, "person")]
    assert attempts(Story.TO_REDO) == [(False, "person")]
    assert attempts(Story.PASSED) == [(False, "person"), (True, "person")]
    assert attempts(Story.AHEAD) == [(True, "person")]
    assert attempts(Story.CLOSED_BY_CLOCK) == [(False, "clock")]


def test_extra_time_moves_the_deadline(seeded: Flask) -> None:
    def minutes(story: Story) -> int:
        attempt = _rows(select(Attempt).where(Attempt.person_id == _only(story), Attempt.item_ref == GRADED))[0]
        return int((attempt.deadline_at - attempt.started_at).total_seconds()) // 60

    assert minutes(Story.TIMED_QUIZ_OPEN) == 30
    assert minutes(Story.EXTRA_TIME) == 40
    assert minutes(Story.EXTRA_MINUTES) == 40
    assert len(_rows(select(Accommodation))) == 2


def test_late_answers_wait_and_change_no_mark(seeded: Flask) -> None:
    late = _rows(select(AnswerEvent.attempt_id).where(AnswerEvent.outcome == "late"))
    assert len(late) == 2
    owner = _rows(select(Attempt.person_id, Attempt.score).where(Attempt.id == late[0].attempt_id))[0]
    assert owner.person_id == _only(Story.LATE_ANSWERS)
    without = _rows(select(Attempt.score).where(Attempt.closed_by == "clock", Attempt.id != late[0].attempt_id))[0]
    assert owner.score == without.score


def test_a_written_answer_waits_for_its_mark(seeded: Flask) -> None:
    waiting = _rows(
        select(Attempt.awaiting, AttemptMarks.points)
        .join(AttemptMarks, AttemptMarks.attempt_id == Attempt.id)
        .where(Attempt.person_id == _only(Story.AWAITING_MARK), Attempt.awaiting > 0)
    )
    assert len(waiting) == 1
    assert list(waiting[0].points.values()).count(None) == waiting[0].awaiting


def test_tutors_find_questions_one_of_them_past_the_promise(seeded: Flask) -> None:
    waiting = _rows(select(Thread.due_at).where(Thread.state == "waiting").order_by(Thread.due_at))
    assert waiting[0].due_at < NOW < waiting[-1].due_at


def test_accounts_that_cannot_or_no_longer_learn(seeded: Flask) -> None:
    with writing() as session:
        assert session.get_one(Person, _only(Story.INVITED)).password_hash is None
        assert not session.get_one(Person, _only(Story.DISABLED)).is_active
        left = session.scalars(select(Enrolment).where(Enrolment.person_id == _only(Story.LEFT))).one()
        assert left.ended_on == NOW.date()


def test_the_password_opens_the_accounts_and_is_long_enough(seeded: Flask, passwords: Passwords) -> None:
    assert len(PASSWORD) >= SHORTEST
    hashes = {row.password_hash for row in _rows(select(Person.password_hash))} - {None}
    assert len(hashes) == 4
    assert all(passwords.matches(hashed, PASSWORD) for hashed in hashes)


def test_every_closed_attempt_has_its_receipt_and_its_marks(seeded: Flask) -> None:
    closed = {row.id for row in _rows(select(Attempt.id).where(Attempt.closed_at.is_not(None)))}
    assert {row.attempt_id for row in _rows(select(Receipt.attempt_id))} == closed
    assert {row.attempt_id for row in _rows(select(AttemptMarks.attempt_id))} == closed


def _facts(connection: Connection) -> list[Any]:
    """All that people see, without ids and codes, which are drawn."""
    queries = (
        select(Person.email, Person.role, Person.is_active, Person.created_at),
        select(
            Person.email,
            ItemProgress.item_ref,
            ItemProgress.touched_at,
            ItemProgress.place,
            ItemProgress.kept_share,
            ItemProgress.completed_at,
        ).join(ItemProgress, ItemProgress.person_id == Person.id),
        select(
            Person.email, Attempt.item_ref, Attempt.number, Attempt.started_at, Attempt.score, Attempt.closed_at
        ).join(Attempt, Attempt.person_id == Person.id),
        select(CheckTry.item_ref, CheckTry.question_id, CheckTry.is_right, CheckTry.tried_at),
        select(AnswerEvent.event_id, AnswerEvent.outcome, AnswerEvent.received_at),
        select(ItemDates.item_ref, ItemDates.due_at),
    )
    return [sorted(map(str, connection.execute(query).all())) for query in queries]


@pytest.mark.slow
def test_two_seeds_are_the_same(seeded_app: Flask, database: Flask, catalogue: Catalogue, passwords: Passwords) -> None:
    _seed(catalogue, passwords)
    facts = []
    for app in (database, seeded_app):
        with opened(app), reading() as connection:
            facts.append(_facts(connection))
    assert facts[0] == facts[1]


def _counts() -> dict[str, int]:
    with reading() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in Base.metadata.sorted_tables
        }


def test_a_second_seed_does_nothing(seeded: Flask, catalogue: Catalogue, passwords: Passwords) -> None:
    before = _counts()
    assert _seed(catalogue, passwords, NOW + timedelta(days=30)) is False
    assert _counts() == before


@pytest.mark.postgres
def test_it_seeds_on_postgresql(postgres_databases: Databases, catalogue: Catalogue, passwords: Passwords) -> None:
    url = postgres_databases.fresh()
    with opened(bare_app(url)):
        assert _seed(catalogue, passwords)
        assert len(_rows(select(Person))) == 29
    postgres_databases.drop(url)


@pytest.mark.slow
def test_every_story_can_be_lived_in_all_the_courses(database: Flask, passwords: Passwords, tmp_path: Path) -> None:
    catalogue = Catalogue(ROOT / "courses", tmp_path, watch=True)
    assert _seed(catalogue, passwords)
    for story in (Story.TIMED_QUIZ_OPEN, Story.UNTIMED_QUIZ_OPEN):
        assert _rows(select(Attempt).where(Attempt.person_id == _only(story), Attempt.closed_at.is_(None)))
    assert _rows(select(AnswerEvent).where(AnswerEvent.outcome == "late"))
    assert _rows(select(Attempt).where(Attempt.person_id == _only(Story.AWAITING_MARK), Attempt.awaiting > 0))
    assert State.LATE not in {status.state for status in _status(catalogue, Story.ON_TIME).values()}
    week = NOW - timedelta(days=NOW.weekday() + 1)
    past = _rows(select(Copy).where(Copy.person_id != _only(Story.LEFT), Copy.handed_in_at < week))
    assert {copy.state for copy in past if copy.terms} == {"released"}
    assert len(_rows(select(Copy.state).where(Copy.state == "to-mark", Copy.handed_in_at > week))) > 1
    assert max(_rows(select(func.max(AuditEvent.at)))[0][0], *(copy.handed_in_at for copy in past)) <= NOW
    assert len({row.mark for row in _rows(select(ReleasedMark.mark))}) > 3


@pytest.fixture
def empty_app(settings: Settings, clock: Clock, passwords: Passwords, databases: Databases) -> Iterator[Flask]:
    """The real application on a database without tables."""
    app = create_app(replace(settings, database_url=databases.empty()), clock=clock, passwords=passwords)
    with opened(app):
        yield app


def test_preparing_makes_tables_people_and_search_index_once(empty_app: Flask) -> None:
    settings = empty_app.config["DEUST"]
    shown = prepare_demo(settings)
    counts = _counts()
    assert counts["person"] == 29
    assert counts["search_entry"] > 0
    with writing() as session:
        session.execute(text("UPDATE search_entry SET title = 'kept' WHERE id = (SELECT min(id) FROM search_entry)"))
    assert prepare_demo(settings) == shown == accounts_text()
    assert _counts() == counts
    assert _rows(select(SearchEntry).where(SearchEntry.title == "kept"))


def test_the_spoken_comment_is_heard_once_the_background_work_has_converted_it(
    empty_app: Flask, catalogue: Catalogue, passwords: Passwords, clock: Clock
) -> None:
    upgrade()
    files = empty_app.extensions["deust"].files
    with writing() as session:
        assert seed_demo(session, catalogue=catalogue, files=files, passwords=passwords, now=clock.now)
    run_once(empty_app, clock.now, [convert_recordings])
    (sound,) = _rows(select(Sound.state, Sound.duration_ms, Sound.peaks))
    assert (sound.state, round(sound.duration_ms / 1000)) == ("ready", 5)
    assert len(set(sound.peaks)) > 10, "a wave to look at"


def test_the_index_is_made_again_for_another_version_of_the_courses(empty_app: Flask) -> None:
    settings = empty_app.config["DEUST"]
    prepare_demo(settings)
    with writing() as session:
        session.execute(text("UPDATE search_entry SET title = 'old', version = 'another'"))
    prepare_demo(settings)
    assert not _rows(select(SearchEntry).where(SearchEntry.title == "old"))


def test_the_accounts_name_password_role_and_state() -> None:
    shown = accounts_text()
    assert PASSWORD in shown
    for account in (*STAFF, *STUDENTS):
        assert account.email in shown
    assert "au milieu d'une leçon" in shown


def test_production_makes_no_demonstration(empty_app: Flask) -> None:
    upgrade()
    assert prepare_demo(replace(empty_app.config["DEUST"], mode="production")) == ""
    assert _counts()["person"] == 0


def test_production_refuses_invented_accounts(empty_app: Flask) -> None:
    prepare_demo(empty_app.config["DEUST"])
    empty_app.config["DEUST"] = replace(empty_app.config["DEUST"], mode="production", is_command=False)
    with pytest.raises(SystemExit, match="demonstration accounts"):
        ensure_fit(empty_app)


def test_production_refuses_tables_that_are_not_up_to_date(empty_app: Flask) -> None:
    empty_app.config["DEUST"] = replace(empty_app.config["DEUST"], mode="production", is_command=False)
    with pytest.raises(SystemExit, match="not up to date"):
        ensure_fit(empty_app)


def test_production_waits_for_a_database_that_does_not_answer(
    empty_app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    upgrade()
    for engine in engines():
        engine.dispose()
    empty_app.config["DEUST"] = replace(empty_app.config["DEUST"], mode="production", is_command=False)
    database = Path(str(db.engine.url.database))
    away = database.parent.rename(database.parent.with_name(f"{database.parent.name}-away"))
    monkeypatch.setattr("time.sleep", lambda _seconds: away.rename(database.parent))
    ensure_fit(empty_app)
    assert "DEUST waits for the database" in caplog.text


def test_tables_of_a_newer_version_are_left_alone(empty_app: Flask) -> None:
    upgrade()
    with writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SystemExit, match="made by a newer version of DEUST"):
        prepare_demo(empty_app.config["DEUST"])
    assert _counts()["person"] == 0


def test_tables_of_something_else_are_left_alone(empty_app: Flask) -> None:
    with writing() as session:
        session.execute(text("CREATE TABLE invoice (id INTEGER)"))
    with pytest.raises(SystemExit, match=r"tables of something else \(invoice"):
        prepare_demo(empty_app.config["DEUST"])


def test_a_database_that_does_not_answer_is_said(settings: Settings, tmp_path: Path) -> None:
    app = create_app(replace(settings, database_url=f"sqlite:///{tmp_path}/absent/deust.sqlite"))
    with app.app_context(), pytest.raises(SystemExit, match="does not answer"):
        prepare_demo(app.config["DEUST"])


def test_the_command_refuses_in_production(app: Flask) -> None:
    app.config["DEUST"] = replace(app.config["DEUST"], mode="production")
    result = app.test_cli_runner().invoke(demo, ["prepare"])
    assert result.exit_code != 0
    assert "En production" in result.output


def test_the_command_lists_the_accounts(app: Flask) -> None:
    assert app.test_cli_runner().invoke(demo, ["accounts"]).output == accounts_text()


def test_the_cohort_has_the_code_that_makes_the_seed_run_once(seeded: Flask) -> None:
    assert [row.code for row in _rows(select(Cohort.code))] == [COHORT]
