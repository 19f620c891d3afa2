"""What may happen to the published folder and to the course files while a version is made or served."""

from __future__ import annotations

import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from deust.content import store as stores
from deust.content import tree
from deust.content.catalogue import Catalogue
from deust.content.publishing import publish
from deust.content.store import Store
from tests.content.sample_tree import TODAY, M, P, clean_tree

SOUND = f"{M}/media/appel.mp3"


def while_read(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Once every file is read, and before anything is kept, an author acts."""
    assemble = tree.assemble

    def assembled(*arguments: object) -> object:
        act()
        return assemble(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(tree, "assemble", assembled)


@pytest.mark.parametrize("is_removed", [False, True])
def test_a_media_that_changes_during_a_publication_stops_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_removed: bool
) -> None:
    """What is named by a hash always is what was hashed; the version before stays in place."""
    root, folder = clean_tree(tmp_path), tmp_path / "published"
    first = publish(root, folder, today=TODAY)
    (root / SOUND).write_bytes(b"ID3 second")
    with monkeypatch.context() as patch:
        act = (root / SOUND).unlink if is_removed else lambda: (root / SOUND).write_bytes(b"ID3 third")
        while_read(patch, act)
        stopped = publish(root, folder, today=TODAY)
    assert not stopped.is_published
    assert [problem.path for problem in stopped.problems if "pendant la publication" in problem.message] == [SOUND]
    current = Store(folder).current()
    assert current is not None
    assert current.version == first.version
    assert not list(folder.rglob("*.aside"))
    (root / SOUND).write_bytes(b"ID3 third")
    assert publish(root, folder, today=TODAY).is_published
    for file in (folder / "media").iterdir():
        assert file.name.partition(".")[0] == sha256(file.read_bytes()).hexdigest()


def test_a_media_that_changes_while_an_author_looks_shows_on_the_next_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = clean_tree(tmp_path)
    catalogue = Catalogue(root, tmp_path / "published", watch=True, today=lambda: TODAY)
    (root / SOUND).write_bytes(b"ID3 second")
    with monkeypatch.context() as patch:
        while_read(patch, lambda: (root / SOUND).write_bytes(b"ID3 third"))
        catalogue.refresh()
    assert any("pendant la publication" in problem.message for problem in catalogue.problems)
    catalogue.refresh()
    path = catalogue.media_path("ec131-accueil", "appel.mp3")
    assert path is not None
    assert path.read_bytes() == b"ID3 third"


def test_a_version_kept_in_another_format_is_made_again_from_the_courses(tmp_path: Path) -> None:
    """A page never meets values that an older code kept: they lack what this one expects."""
    root, folder = clean_tree(tmp_path), tmp_path / "published"
    publish(root, folder, today=TODAY)
    (version,) = (folder / "versions").iterdir()
    older = version.rename(version.with_name(f"0{version.name.removeprefix(stores.FORMAT)}"))
    (folder / "current").write_text(older.name)
    assert Store(folder).current() is None
    assert Catalogue(root, folder, watch=False, today=lambda: TODAY).programme().id == "deust-essai"
    assert (folder / "current").read_text().startswith(f"{stores.FORMAT}-")


def test_a_page_that_cannot_be_kept_is_shown_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A publication tidies up while a page is put aside, or the disk is full: the reader notices nothing."""
    catalogue = Catalogue(clean_tree(tmp_path), tmp_path / "published", watch=True, today=lambda: TODAY)
    replace = os.replace

    def tidied(aside: str, target: Path) -> None:
        if target.parent.name == "pages":
            Store(tmp_path / "published").prune([])
        replace(aside, target)

    monkeypatch.setattr(os, "replace", tidied)
    assert catalogue.lesson("ec131-accueil/accueillir").parts


def test_media_can_be_read_by_the_server_in_front(tmp_path: Path) -> None:
    folder = tmp_path / "published"
    publish(clean_tree(tmp_path), folder, today=TODAY)
    assert {file.stat().st_mode & 0o777 for file in (folder / "media").iterdir()} == {0o644}


def test_a_page_that_cannot_be_rendered_stops_the_publication(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root, folder = clean_tree(tmp_path), tmp_path / "published"
    monkeypatch.setattr("deust.content.render.excess", lambda _text: (1, "trop de crochets"))
    stopped = publish(root, folder, today=TODAY)
    assert not stopped.is_published
    assert f"{M}/01-accueillir.md" in {problem.path for problem in stopped.problems if "trop lourd" in problem.message}
    assert Store(folder).current() is None


DAMAGED = {
    "cut": b"\x80\x05",
    "zeros": bytes(100),
    "a length beyond all": b"\x80\x04\x8e" + b"\xff" * 8 + b".",
    "a length beyond the memory": b"\x80\x04\x8e" + b"\xff" * 5 + b"\x7f\0\0.",
    "a place that is not there": b"\x80\x04h\x09.",
    "something else": b"\x80\x04]\x94.",
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_disk_costs_no_page(tmp_path: Path, name: str) -> None:
    root, folder = clean_tree(tmp_path), tmp_path / "published"
    publish(root, folder, today=TODAY)
    for file in (*(folder / "versions").iterdir(), *(folder / "pages").iterdir()):
        file.write_bytes(DAMAGED[name])
    catalogue = Catalogue(root, folder, watch=False, today=lambda: TODAY)
    assert catalogue.lesson("ec131-accueil/accueillir").parts
    Store(folder).prune([])
    assert publish(root, folder, today=TODAY).is_published


def told(root: Path, folder: Path) -> list[tuple[str, str]]:
    """What a publication says was taken from students, and the remedy; it is published all the same."""
    publication = publish(root, folder, today=TODAY)
    assert publication.is_published
    return [(problem.message, problem.fix) for problem in publication.problems if "disparu" in problem.message]


def test_an_activity_or_a_former_name_that_goes_is_told(tmp_path: Path) -> None:
    """What was done under a name is found by that name alone: an alias taken away is an activity taken away."""
    root, folder = clean_tree(tmp_path), tmp_path / "published"
    lesson = root / M / "01-accueillir.md"
    text = lesson.read_text()
    lesson.write_text(text.replace("week: 1", "week: 1\naliases: [bonjour]", 1))
    assert told(root, folder) == []
    lesson.write_text(text)
    ((message, fix),) = told(root, folder)
    assert "« bonjour » de « ec131-accueil/accueillir »" in message
    assert fix == "rendez aliases: [bonjour] à l'activité"
    assert told(root, folder) == [], "it is the published one now"


def test_a_renamed_module_is_told_with_all_that_was_done_in_it(tmp_path: Path) -> None:
    root, folder = clean_tree(tmp_path), tmp_path / "published"
    assert told(root, folder) == []
    (root / M).rename((root / M).with_name("ec131-bonjour"))
    programme = root / P / "programme.yml"
    programme.write_text(programme.read_text().replace("ec131-accueil", "ec131-bonjour"))
    ((message, _fix),) = told(root, folder)
    assert "module publié « ec131-accueil »" in message
