"""A version beside the one before: files by what they hold, in as many statements whatever there is to read."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from deust.adapters.files import StoredFile
from deust.domain.assignments import Resubmit
from deust.domain.errors import NotFound
from deust.domain.questions import File
from deust.domain.versions import Change
from deust.models.quizzes import Attempt
from deust.models.transaction import reading, writing
from deust.queries.assignments import HandedIn, handed_in
from deust.queries.copies import copy_file
from deust.queries.versions import Former, former_version
from deust.services import answers, grading
from tests.support import factories
from tests.support.clock import Clock
from tests.support.copies import GOOD, Class
from tests.support.statements import statements

pytestmark = pytest.mark.both

FILES = tuple(
    factories.question(f"fichier-{place}", title=f"Fichier {place}", answer=File(accept=("pdf",), max_bytes=10**6))
    for place in range(1, 5)
)


@pytest.fixture
def school(database: Flask, clock: Clock) -> Class:
    made = Class(clock=clock)
    text = made.assignment.questions[0]
    made.assignment = factories.assignment(resubmit=Resubmit.BY_TUTOR, questions=(text, *FILES))
    return made


def give(school: Class, public_id: str, place: int, content: str, name: str = "fiche.pdf") -> None:
    """Hand a file in; files of the same content have the same hash."""
    file = StoredFile(id=secrets.token_hex(16), size=100, sha256=content.ljust(64, "0"), head=b"%PDF-1.4")
    with writing() as session:
        attempt = session.scalars(select(Attempt).where(Attempt.public_id == public_id)).one()
        posted = factories.posted(attempt.paper[place]["key"], {}, client=public_id, file=file, name=name)
        answers.save_answers(
            session, learner=school.learner, public_id=public_id, posted=[posted], now=school.clock.now
        )


def version(school: Class, text: str, files: dict[int, str]) -> str:
    """A version written, with its files, and handed in; gives its copy."""
    attempt = school.start()
    if text:
        school.write(attempt, text, client=f"{attempt}-2", base_version=1 if school.rows(Attempt)[1:] else 0)
    for place, content in files.items():
        give(school, attempt, place, content, name=f"Léonie-{content}.pdf")
    school.hand_in(attempt)
    return school.copy_of(attempt)


def asked_again(school: Class, copy: str, comment: str = "À reprendre, Léonie.") -> None:
    school.save(copy, replace(GOOD, comment=comment), is_ready=True)
    school.release(copy)
    with writing() as session:
        found = {"find_quiz": lambda _ref: school.assignment, "now": school.clock.now}
        grading.ask_resubmission(session, marker=school.tutor, public_id=copy, **found)


def two_versions(school: Class) -> tuple[str, str]:
    first = version(school, "Allô, oui ?", {1: "a", 2: "b", 3: "c"})
    asked_again(school, first)
    return first, version(school, "Bonjour, oui ?", {1: "a", 2: "z", 4: "c"})


def beside(school: Class, copy: str, number: int = 1, **fields: Any) -> Former:
    with reading() as connection:
        return former_version(connection, marker=school.tutor, public_id=copy, number=number, **fields)


def test_texts_are_compared_and_files_known_by_what_they_hold(school: Class) -> None:
    _first, second = two_versions(school)
    former = beside(school, second)
    assert former.told is not None
    assert (former.told.mark, former.comments, former.handed_in_at) == (20, ("À reprendre, Léonie.",), school.clock.now)
    text, same, changed, moved_to, moved_from = former.pairs
    assert [(piece.change, piece.text) for piece in text.pieces] == [
        (Change.REMOVED, "Allô"),
        (Change.ADDED, "Bonjour"),
        (Change.SAME, ", oui ?"),
    ]
    fates = [(pair.is_added, pair.is_removed) for pair in (same, changed, moved_to, moved_from)]
    assert fates == [(False, False), (True, True), (False, False), (False, False)], "a file moved is the same"
    assert former.gone == (moved_from,)
    assert [pair.title for pair in beside(school, second, question="texte").pairs] == ["Votre texte"]


def test_a_version_beside_takes_the_same_statements_whatever_it_holds(school: Class) -> None:
    first = version(school, "Un.", {1: "a"})
    asked_again(school, first)
    second = version(school, "Deux.", {1: "b"})
    with statements() as few:
        beside(school, second)
    asked_again(school, second)
    third = version(school, "Trois.", {place: f"c{place}" for place in range(1, 5)})
    with statements() as many:
        beside(school, third, number=2)
    assert len(many) == len(few) <= 14
    assert [piece.text for piece in beside(school, third).pairs[0].pieces] == ["Un", "Trois", "."]


def test_only_earlier_versions_of_the_same_work_are_beside(school: Class) -> None:
    first, second = two_versions(school)
    for copy, number in ((first, 1), (first, 2), (second, 2), (second, 3), (second, 0)):
        with pytest.raises(NotFound):
            beside(school, copy, number)
    with reading() as connection, pytest.raises(NotFound):
        former_version(connection, marker=school.stranger, public_id=second, number=1)


@pytest.mark.case("GR-11")
def test_an_anonymous_copy_stays_so_beside_a_version_already_released(school: Class) -> None:
    school.assignment = replace(school.assignment, terms=replace(school.assignment.terms, is_anonymous=True))
    first = version(school, "Allô ?", {1: "a"})
    asked_again(school, first, "À reprendre.")
    school.save(first, replace(GOOD, comment="Corrigé, Léonie."), is_ready=True, base_version=1)
    school.release(first, reason="Oubli.")
    second = version(school, "Bonjour.", {1: "b"})
    former, page = beside(school, second), school.page(second)
    assert former.told is not None
    assert (former.handed_in_at, former.comments) == (None, ("À reprendre.",))
    assert [one[0] for one in page.former] == [""], "the address of a released copy names its author"
    part = former.pairs[1].before
    assert part is not None
    assert part.file_name == "fichier-2.pdf"
    with reading() as connection:
        kept = copy_file(connection, marker=school.tutor, public_id=second, key=part.key)
        assert kept.name == "fichier-2.pdf"
        with pytest.raises(NotFound):
            copy_file(connection, marker=school.stranger, public_id=second, key=part.key)


def test_a_former_copy_leads_to_no_later_file(school: Class) -> None:
    first, second = two_versions(school)
    part = beside(school, second).pairs[2].now
    assert part is not None
    with reading() as connection, pytest.raises(NotFound):
        copy_file(connection, marker=school.tutor, public_id=first, key=part.key)


def test_a_student_reads_the_same_comparison(school: Class) -> None:
    two_versions(school)
    last = own(school, school.rows(Attempt)[1].public_id)
    assert last.former_id == school.rows(Attempt)[0].public_id
    assert [piece.text for piece in last.pairs[0].pieces] == ["Allô", "Bonjour", ", oui ?"]
    first = own(school, str(last.former_id))
    assert (first.former_id, len(first.pairs)) == (None, 4)


def own(school: Class, public_id: str) -> HandedIn:
    with reading() as connection:
        return handed_in(connection, learner=school.learner, public_id=public_id)
