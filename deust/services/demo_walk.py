"""One invented student's weeks, made of the acts of a real one: reading, trying, starting, saving, handing in."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.orm import Session

from deust.content.catalogue import Catalogue
from deust.domain import marking
from deust.domain.attempts import Save
from deust.domain.errors import NotYetOpen
from deust.domain.freezing import PaperQuestion, paper_question
from deust.domain.learning import Assignment, Kind, Lesson, Quiz
from deust.domain.messages import About
from deust.domain.messages import Kind as Topic
from deust.domain.people import Dates, SignedIn
from deust.domain.progress import checks_of
from deust.domain.questions import Choice, Cloze, Essay, Json, Matching, Ordering, Question, TrueFalse
from deust.domain.quizzes import Mode
from deust.domain.reading import show_answer
from deust.models.quizzes import Attempt
from deust.queries.asked import asked_check
from deust.queries.papers import asked_questions
from deust.services import answers, assignments, learning, messages, people, quizzes
from deust.services.answer_batches import Posted
from deust.services.demo_works import texts_for

_MOST_RIGHT = Fraction(7, 10)
_USUALLY_RIGHT = (_MOST_RIGHT, Fraction(4, 5), Fraction(9, 10), Fraction(1))
_SPARE = timedelta(hours=9)
_ESSAY = "Je laisse finir, je redis la demande avec mes mots, puis j'attends un oui avant de proposer."


class Walk:
    """Act after act; `moment` never goes back."""

    def __init__(self, session: Session, learner: SignedIn, catalogue: Catalogue, *, now: datetime) -> None:
        assert learner.enrolled is not None  # noqa: S101
        self._session = session
        self._learner = learner
        self._catalogue = catalogue
        self._programme = catalogue.programme(learner.enrolled.programme)
        self._calendar = learner.enrolled.calendar
        self._rng = random.Random(f"1999/{learner.email}")
        self._saves = 0
        self.now = now
        self.moment = self._calendar.start_of(1)
        found = [item for module in self._programme.modules.values() for item in module.items]
        self.items = sorted(
            (item for item in found if isinstance(item, Lesson | Quiz) and item.kind is not Kind.ASSIGNMENT),
            key=lambda item: item.week or 0,
        )
        self.works = sorted(
            (item for item in found if isinstance(item, Assignment) and _takes_text(item)),
            key=lambda item: item.week or 0,
        )

    @property
    def week(self) -> int:
        """The present one."""
        return self._calendar.week_of(self.now)

    def finish(self, *, until_week: int) -> None:
        """Do what the weeks up to this one ask for, in order, as well as most people do.

        What is graded is done in its last week.
        """
        for week in range(1, until_week + 1):
            for item in self._asked_in(week):
                self._come_to(week)
                if isinstance(item, Lesson):
                    self._finish_lesson(item)
                elif isinstance(item, Assignment):
                    self._hand_in(item)
                else:
                    self.attempt(item, right=self._rng.choice(_USUALLY_RIGHT))

    def _asked_in(self, week: int) -> Iterator[Lesson | Quiz]:
        for item in self.items:
            is_graded = isinstance(item, Quiz) and item.settings.mode is not Mode.TRAINING
            if (item.due_week if is_graded else item.week) == week:
                yield item
        yield from (work for work in self.works if work.due_week == week)

    def finish_lesson_of(self, week: int) -> None:
        """Do the week's first lesson."""
        if lesson := self._first_lesson(week):
            self._come_to(week)
            self._finish_lesson(lesson)

    def begin_lesson(self, *, week: int, read: Fraction) -> None:
        """Read this share of the week's first lesson, try its first check, and stop there."""
        lesson = self._first_lesson(week)
        if lesson is None:
            return
        self._come_to(week)
        with suppress(NotYetOpen):
            self._read(lesson, read)
            for question_id in checks_of(lesson)[:1]:
                self._try(lesson, question_id)

    def ask(self, *, week: int, text: str) -> None:
        """Ask the tutor about the week's first lesson."""
        if lesson := self._first_lesson(week):
            about = About(kind=Topic.LESSON, ref=lesson.ref, title=lesson.title)
            messages.ask(self._session, learner=self._learner, about=about, text=text, now=self._after(300))

    def attempt(self, quiz: Quiz, *, right: Fraction) -> None:
        """A whole attempt, handed in; this share of its answers is right."""
        public_id = self.begin_quiz(quiz, answered=Fraction(1), right=right)
        quizzes.hand_in(
            self._session,
            learner=self._learner,
            public_id=public_id,
            find_quiz=lambda _ref: self._rendered(quiz),
            now=self._after(60),
        )

    def begin_quiz(self, quiz: Quiz, *, answered: Fraction, right: Fraction) -> str:
        """Start an attempt, answer this share of its questions, and leave it open."""
        public_id = quizzes.start_attempt(
            self._session, learner=self._learner, quiz=self._rendered(quiz), rng=self._rng, now=self._after(60)
        )
        paper = self._paper(public_id)
        self._save(public_id, paper[: int(len(paper) * answered)], right)
        return public_id

    def let_time_pass(self, public_id: str, quiz: Quiz) -> None:
        """Never come back: the clock closes the attempt."""
        closing = self._after(2 * 3600)
        quizzes.close_if_overdue(self._session, public_id=public_id, quiz=self._rendered(quiz), now=closing)

    def hand_work_in(self) -> None:
        """Write the week's assignment that takes a text, and hand it in."""
        work = next((one for one in self.works if one.week and one.week <= self.week <= (one.due_week or 0)), None)
        if work is not None:
            self._hand_in(work)

    def _hand_in(self, work: Assignment) -> None:
        assignment = self._catalogue.quiz(work.ref)
        assert isinstance(assignment, Assignment)  # noqa: S101
        public_id = assignments.start_draft(
            self._session, learner=self._learner, assignment=assignment, rng=self._rng, now=self._after(300)
        )
        entry = self._paper(public_id)[0]
        save = Save(event_id="demo-work", client="demo", sequence=1, base_version=0, given=None)
        posted = Posted(key=entry.key, save=save, form={"answer": [self._rng.choice(texts_for(work.id))]})
        answers.save_answers(
            self._session, learner=self._learner, public_id=public_id, posted=[posted], now=self._after(1_500)
        )
        assignments.hand_in(
            self._session,
            learner=self._learner,
            public_id=public_id,
            declaration=assignments.Declaration(is_own=True),
            find_quiz=lambda _ref: assignment,
            now=self._after(120),
        )

    def save_too_late(self, public_id: str) -> None:
        """Two more answers, that reach the server once the attempt is closed."""
        self._save(public_id, self._paper(public_id)[-2:], Fraction(1))

    def come_back(self, *, minutes_ago: int) -> None:
        self.moment = max(self.moment, self.now - timedelta(minutes=minutes_ago))

    def grant(self, *, time_multiplier: Fraction = Fraction(1), extra_minutes: int = 0) -> None:
        people.grant_accommodation(
            self._session,
            self._learner.person_id,
            time_multiplier=time_multiplier,
            extra_minutes=extra_minutes,
            by=None,
            now=self.moment,
        )

    def postpone(self, *, due_week: int, weeks: int) -> None:
        """Give the student more weeks for every item due in this one."""
        due_at = self._calendar.end_of(due_week + weeks)
        for item in self.items:
            if item.due_week == due_week:
                people.move_dates(
                    self._session,
                    item,
                    person_id=self._learner.person_id,
                    dates=Dates(due_at=due_at),
                    by=None,
                    now=self.moment,
                )

    def _first_lesson(self, week: int) -> Lesson | None:
        return next((item for item in self.items if isinstance(item, Lesson) and item.week == week), None)

    def _rendered(self, quiz: Quiz) -> Quiz:
        return self._catalogue.quiz(quiz.ref)

    def _come_to(self, week: int) -> None:
        """Some hour of a working day of that week, and never after now."""
        monday = self._calendar.start_of(min(week, self.week))
        hour = monday + timedelta(days=self._rng.randrange(5), hours=self._rng.randrange(9, 21))
        self.moment = max(self._after(240), min(hour, self.now - _SPARE))

    def _after(self, seconds: int) -> datetime:
        self.moment = min(self.moment + timedelta(seconds=seconds), self.now)
        return self.moment

    def _finish_lesson(self, lesson: Lesson) -> None:
        with suppress(NotYetOpen):
            self._read(lesson, Fraction(1, 2))
            for question_id in checks_of(lesson):
                self._try(lesson, question_id)
            learning.understood(
                self._session, learner=self._learner, programme=self._programme, lesson=lesson, now=self._after(40)
            )

    def _read(self, lesson: Lesson, share: Fraction) -> None:
        """Two signs of reading: halfway to where it stops, and there."""
        headings = self._catalogue.lesson(lesson.ref).headings
        for reached in (share / 2, share):
            learning.keep_place(
                self._session,
                learner=self._learner,
                programme=self._programme,
                lesson=lesson,
                place=headings[int(reached * (len(headings) - 1))].anchor if headings else "",
                permille=int(reached * 1000),
                now=self._after(80),
            )

    def _try(self, lesson: Lesson, question_id: str) -> None:
        question = self._catalogue.lesson(lesson.ref).checks[question_id]
        asked = asked_check(question, person_id=self._learner.person_id)
        is_right = self._rng.randrange(10) < 10 * _MOST_RIGHT
        answer = _right(question, asked.values) if is_right else _wrong(question)
        learning.try_check(
            self._session,
            learner=self._learner,
            programme=self._programme,
            lesson=lesson,
            question=question,
            answer=answer,
            verdict=asked.mark(answer),
            now=self._after(20),
        )

    def _paper(self, public_id: str) -> list[PaperQuestion]:
        attempt = self._session.scalars(select(Attempt).where(Attempt.public_id == public_id)).one()
        return [paper_question(entry) for entry in attempt.paper]

    def _save(self, public_id: str, paper: list[PaperQuestion], right: Fraction) -> None:
        questions = asked_questions(self._session.connection(), paper)
        known = set(self._rng.sample([entry.key for entry in paper], int(len(paper) * right)))
        posted = [self._posted(entry, questions[entry.key], is_right=entry.key in known) for entry in paper]
        answers.save_answers(
            self._session, learner=self._learner, public_id=public_id, posted=posted, now=self._after(150)
        )

    def _posted(self, entry: PaperQuestion, question: Question, *, is_right: bool) -> Posted:
        self._saves += 1
        answer = _right(question, entry.values) if is_right else _wrong(question)
        save = Save(event_id=f"demo-{self._saves}", client="demo", sequence=self._saves, base_version=0, given=None)
        return Posted(key=entry.key, save=save, form=show_answer(question, entry.placement, answer))


def _takes_text(assignment: Assignment) -> bool:
    return isinstance(assignment.questions[0].answer, Essay)


def _right(question: Question, values: Mapping[str, Fraction]) -> Json:
    return _ESSAY if isinstance(question.answer, Essay) else marking.right_answer(question, values)


def _wrong(question: Question) -> Json:
    """What someone who does not know would answer."""
    match question.answer:
        case Choice(options=options, several=several):
            number = next((number for number, option in enumerate(options, 1) if not option.is_right), 1)
            return [number] if several else number
        case TrueFalse(value=value):
            return not value
        case Matching(pairs=pairs):
            return [1] * len(pairs)
        case Ordering(items=items):
            return list(range(len(items), 0, -1))
        case Cloze(gaps=gaps):
            return [1 if isinstance(gap, Choice) else "?" for gap in gaps]
        case Essay():
            return _ESSAY
        case _:
            return "0"
