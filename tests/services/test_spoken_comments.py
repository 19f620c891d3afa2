"""Comments that markers record: part of the draft, released with the mark that they explain, kept for a time."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from deust.adapters.files import StoredFile
from deust.domain.copies import Work
from deust.domain.errors import FileRefused, NotFound, OffsetMismatch
from deust.domain.people import SignedIn
from deust.domain.sounds import ASIDE_KEPT, kept_until
from deust.domain.uploads import LEAST_PART, MOST_A_QUESTION
from deust.models.assignments import MarkingEvent, SpokenComment
from deust.models.quizzes import Attempt, Sound, Upload
from deust.models.records import AuditEvent
from deust.models.transaction import reading, writing
from deust.queries.assignments import HandedIn, handed_in
from deust.queries.spoken_comments import MOST_BYTES
from deust.services import comment_uploads, grading, spoken_comments, uploads
from deust.services.uploads import Announced
from tests.support import factories
from tests.support.clock import Clock
from tests.support.copies import GOOD, HALF, WEBM, Class

pytestmark = pytest.mark.both


@pytest.fixture
def school(database: Flask, clock: Clock) -> Class:
    return Class(clock=clock)


@pytest.fixture
def blind(school: Class) -> Class:
    """Two markers who do not read each other."""
    school.assignment = factories.assignment(markers=2, gap=Fraction(3))
    return school


def told(school: Class) -> HandedIn:
    """What the student is shown of their last version."""
    with reading() as connection:
        attempt = connection.scalar(select(Attempt.public_id).where(Attempt.person_id == school.learner.person_id))
        return handed_in(connection, learner=school.learner, public_id=str(attempt))


def comment(school: Class, id_: str) -> SpokenComment:
    return next(row for row in school.rows(SpokenComment) if row.id == id_)


def spoken(school: Class, copy: str, by: SignedIn | None = None) -> str:
    return school.page(copy, by).work.spoken


def begin(school: Class, copy: str, by: SignedIn | None = None, **fields: Any) -> uploads.Begun:
    usual = {"key": "", "name": "commentaire.webm", "size": 1000, "beginning": "", "event_id": ""}
    with writing() as session:
        return comment_uploads.begin_comment(
            session,
            marker=by or school.tutor,
            public_id=copy,
            file=Announced(**{**usual, **fields}),
            now=school.clock.now,
        )


def whole(size: int = 1000, head: bytes = WEBM, id_: str = "whole") -> StoredFile:
    return StoredFile(id=id_, size=size, sha256="0" * 64, head=head)


def finish(
    school: Class, copy: str, upload: str, file: StoredFile | None, by: SignedIn | None = None, base: int = 0
) -> comment_uploads.GivenComment:
    with writing() as session:
        return comment_uploads.finish_comment(
            session,
            marker=by or school.tutor,
            public_id=copy,
            upload_id=upload,
            file=file,
            base_version=base,
            now=school.clock.now,
        )


def test_a_recording_stays_in_the_draft_until_it_is_replaced_or_removed(school: Class) -> None:
    copy = school.handed_in()
    first = school.record(copy)
    assert school.save(copy, GOOD, spoken=first).current.spoken == first
    assert school.save(copy, HALF, base_version=1).current.spoken == first, "other saves leave it"
    assert spoken(school, copy, school.second) == first, "the work of one marker is shared"
    second = school.record(copy)
    school.save(copy, HALF, base_version=2, spoken=second)
    assert spoken(school, copy) == second
    assert [one.id for one in school.page(copy).aside] == [first]
    school.save(copy, HALF, base_version=3, spoken="")
    assert spoken(school, copy) == ""
    assert {one.id for one in school.page(copy).aside} == {first, second}
    school.save(copy, HALF, base_version=4, spoken=first)
    assert spoken(school, copy) == first, "taken back"


@pytest.mark.case("GR-01")
def test_a_recording_over_a_version_that_was_not_read_is_kept_aside(school: Class) -> None:
    copy = school.handed_in()
    upload = begin(school, copy, school.second).public_id
    school.save(copy, GOOD)
    given = finish(school, copy, upload, whole(), school.second)
    assert (given.saved.outcome, given.saved.current) == (grading.CONFLICT, GOOD)
    assert spoken(school, copy) == ""
    assert [(row.outcome, row.content["spoken"]) for row in school.rows(MarkingEvent)] == [
        ("kept", ""),
        ("conflict", "whole"),
    ]
    assert [one.id for one in school.page(copy, school.second).aside] == ["whole"]
    assert school.page(copy).heard == {}, "the colleague hears what is in the work alone"
    assert comment(school, "whole").kept_until == school.clock.now + ASIDE_KEPT
    again = school.save(copy, replace(GOOD, comment="Lu."), by=school.second, base_version=1, spoken="whole")
    assert (again.outcome, spoken(school, copy)) == (grading.KEPT, "whole")


def test_a_finish_that_is_told_twice_is_the_same_as_once(school: Class) -> None:
    copy = school.handed_in()
    upload = begin(school, copy).public_id
    first = finish(school, copy, upload, whole())
    again = finish(school, copy, upload, whole(id_="spare"))
    assert (first.saved.version, again.saved.version, again.saved.outcome) == (1, 1, grading.KEPT)
    assert again.unneeded == ["spare"]
    assert [row.id for row in school.rows(SpokenComment)] == ["whole"]
    assert begin(school, copy).public_id == upload, "the same file chosen again is here already"


def test_only_a_recording_is_taken_and_not_too_large_nor_too_many(school: Class, clock: Clock) -> None:
    copy = school.handed_in()
    for fields, reason in (
        ({"size": 0}, "empty"),
        ({"size": MOST_BYTES + 1}, "size"),
        ({"name": "copie.pdf"}, "type"),
    ):
        with pytest.raises(FileRefused, match=reason):
            begin(school, copy, **fields)
    upload = begin(school, copy).public_id
    with pytest.raises(OffsetMismatch):
        finish(school, copy, upload, None)
    with pytest.raises(FileRefused, match="type"):
        finish(school, copy, upload, whole(head=b"%PDF-1.4"))
    assert (school.rows(SpokenComment), school.rows(Sound)) == ([], [])
    for _ in range(MOST_A_QUESTION):
        school.record(copy)
    with pytest.raises(FileRefused, match="count"):
        begin(school, copy, size=999)


@pytest.mark.case("AZ-03")
def test_a_recording_goes_to_its_own_copy_by_its_own_marker(school: Class) -> None:
    one, other = school.handed_in(), school.handed_in(learner=school.newcomer())
    recording, upload = school.record(one), begin(school, one).public_id
    for refused in (
        lambda: begin(school, one, school.stranger),
        lambda: school.record(one, school.stranger),
        lambda: finish(school, one, upload, whole(), school.second),
        lambda: finish(school, other, upload, whole()),
        lambda: school.save(other, GOOD, spoken=recording),
        lambda: school.save(one, GOOD, by=school.second, spoken=recording),
        lambda: school.save(one, GOOD, spoken="unknown"),
    ):
        with pytest.raises(NotFound):
            refused()
    part = StoredFile(id="part", size=LEAST_PART, sha256="", head=b"")
    with writing() as session, pytest.raises(NotFound):
        uploads.add_part(session, sender=school.second, upload_id=upload, offset=0, part=part, now=school.clock.now)
    assert spoken(school, one) == spoken(school, other) == ""


@pytest.mark.slow
@pytest.mark.case("GR-03")
def test_the_student_hears_nothing_before_the_release_and_then_only_what_was_released(school: Class) -> None:
    copy = school.handed_in()
    kept, left = school.record(copy), school.record(copy)
    school.save(copy, GOOD, spoken=left)
    school.save(copy, GOOD, base_version=1, spoken=kept, is_ready=True)
    assert (told(school).told, told(school).heard) == ((), {})
    school.release(copy)
    assert [work.spoken for work in told(school).told[0].works] == [kept]
    assert set(told(school).heard) == {kept}


def test_two_markers_hear_each_other_only_once_both_are_ready(blind: Class) -> None:
    copy = blind.handed_in()
    one, two = blind.record(copy), blind.record(copy, blind.second)
    blind.save(copy, GOOD, spoken=one, is_ready=True)
    blind.save(copy, GOOD, by=blind.second, spoken=two)
    assert (set(blind.page(copy).heard), set(blind.page(copy, blind.second).heard)) == ({one}, {two})
    blind.save(copy, GOOD, by=blind.second, base_version=1, is_ready=True)
    assert set(blind.page(copy).heard) == set(blind.page(copy, blind.second).heard) == {one, two}
    blind.release(copy)
    assert set(told(blind).heard) == {one, two}, "both make the mark"


def test_a_third_marker_makes_the_mark_and_is_the_one_heard(blind: Class) -> None:
    with writing() as session:
        third = factories.person(session, role="tutor")
        factories.tutoring(session, third, session.get_one(factories.Group, blind.group_id))
        third_marker = factories.signed_in(third)
    copy = blind.handed_in()
    markers = (blind.tutor, GOOD), (blind.second, HALF), (third_marker, HALF)
    recordings = [blind.record(copy, by) for by, _work in markers]
    for (by, work), recording in zip(markers, recordings, strict=True):
        blind.save(copy, work, by=by, spoken=recording, is_ready=True)
    blind.release(copy)
    assert set(told(blind).heard) == {recordings[2]}
    assert [comment(blind, one).released_at is None for one in recordings] == [True, True, False]


def test_a_correction_keeps_the_former_recording_with_its_version(school: Class) -> None:
    copy = school.handed_in()
    first, second = school.record(copy), school.record(copy)
    school.save(copy, GOOD, spoken=first, is_ready=True)
    school.release(copy)
    school.save(copy, HALF, base_version=1, spoken=second, is_ready=True)
    assert set(told(school).heard) == {first}, "nothing of a correction before its release"
    school.release(copy, reason="Erreur de lecture")
    assert [one.works[0].spoken for one in told(school).told] == [second, first]
    assert set(told(school).heard) == {first, second}


def test_another_tutor_who_corrects_a_released_mark_speaks_for_themselves(school: Class) -> None:
    copy = school.handed_in()
    first = school.record(copy)
    school.save(copy, GOOD, spoken=first, is_ready=True)
    school.release(copy)
    school.save(copy, HALF, by=school.second, base_version=1, is_ready=True)
    assert spoken(school, copy) == ""
    school.release(copy, by=school.second, reason="Réexamen")
    assert [one.works[0].spoken for one in told(school).told] == ["", first]


def test_the_same_tutor_who_corrects_a_released_mark_keeps_their_recording(school: Class, clock: Clock) -> None:
    copy = school.handed_in()
    first = school.record(copy)
    school.save(copy, GOOD, spoken=first, is_ready=True)
    school.release(copy)
    clock.move(days=20)
    school.save(copy, HALF, base_version=1, is_ready=True)
    school.release(copy, reason="Points oubliés")
    assert [one.works[0].spoken for one in told(school).told] == [first, first]
    assert comment(school, first).kept_until == kept_until(clock.now)


def test_a_recording_is_dated_by_what_becomes_of_it(school: Class, clock: Clock) -> None:
    copy = school.handed_in()
    one = school.record(copy)
    assert comment(school, one).kept_until == clock.now + ASIDE_KEPT
    school.save(copy, GOOD, spoken=one)
    assert comment(school, one).kept_until == kept_until(clock.now)
    clock.move(days=3)
    school.save(copy, GOOD, base_version=1, spoken="")
    assert comment(school, one).kept_until == clock.now + ASIDE_KEPT
    school.save(copy, GOOD, base_version=2, spoken=one, is_ready=True)
    clock.move(days=3)
    school.release(copy)
    until = kept_until(clock.now)
    assert comment(school, one).kept_until == until
    school.save(copy, GOOD, base_version=3, spoken="", is_ready=True)
    assert comment(school, one).kept_until == until, "what was released stays as long as it was said"


@pytest.mark.slow
def test_a_recording_goes_when_its_time_is_over_and_the_mark_stays(school: Class, clock: Clock) -> None:
    copy = school.handed_in()
    one, aside = school.record(copy), school.record(copy)
    school.save(copy, GOOD, spoken=one, is_ready=True)
    school.release(copy)

    def delete() -> int:
        with writing() as session:
            return spoken_comments.delete_comments(session, now=clock.now)

    assert delete() == 0
    clock.move(days=30)
    assert delete() == 1
    assert (comment(school, aside).stored_id, comment(school, one).stored_id) == (None, one)
    assert school.page(copy).aside == ()
    with pytest.raises(NotFound):
        school.save(copy, GOOD, base_version=1, spoken=aside)
    other = school.handed_in(learner=school.newcomer())
    left = school.record(other)
    school.save(other, GOOD, spoken=left)
    clock.set(kept_until(clock.now))
    assert (delete(), delete()) == (2, 0)
    assert school.save(other, GOOD, base_version=1).current.spoken == "", "a draft holds nothing that is gone"
    (page,) = told(school).heard.values()
    assert (page.is_kept, page.sound.peaks) == (False, ())
    assert told(school).told[0].mark == 20
    assert [row.act for row in school.rows(AuditEvent)].count("recording:delete") == 3
    assert {row.state for row in school.rows(Sound)} == {"deleted"}


def test_a_draft_marked_before_comments_were_spoken_is_read_as_it_was(school: Class) -> None:
    copy = school.handed_in()
    school.save(copy, GOOD)
    with writing() as session:
        row = session.scalars(select(grading.Marking)).one()
        row.content = {name: value for name, value in row.content.items() if name != "spoken"}
    assert school.page(copy).work == Work(**{**vars(GOOD), "spoken": ""})
    assert school.rows(Upload) == []
