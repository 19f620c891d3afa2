"""Checks of one page's text that need the rest of the tree: links, media, headings, formulas, raw HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from posixpath import dirname, join, normpath

from anyascii import anyascii

from deust.content.facts import Facts, Link, RawTag
from deust.content.figures import Shelf, is_played
from deust.content.files import GlossarySource, ModuleSource, Parsed, Transcript
from deust.content.items import ItemFile
from deust.content.mathml import FormulaError, mathml
from deust.content.media import SOUNDS, VIDEOS, Media, suffix_of
from deust.content.problems import Report
from deust.content.render import anchor_of, slug
from deust.content.sanitising import is_safe_address, removed_from
from deust.content.snapshot import Snapshot
from deust.domain.learning import Kind

_EMPTY_WORDS = {
    "cliquez ici", "cliquer ici", "clique ici", "ici", "lien", "ce lien", "le lien", "lire la suite", "en savoir plus",
    "plus", "suite", "click here", "page", "voir", "cette page", "telecharger",
}  # fmt: skip
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
_UNSAFE_PATH = re.compile(r"^(?:/|\\|[A-Za-z]:\\)|\\")
_HTTP = re.compile(r"http://(?!localhost|127\.)", re.IGNORECASE)
MAX_ALTERNATIVE = 400


Anchors = Mapping[str, frozenset[str]]


def anchors_of(files: Mapping[str, Parsed]) -> Anchors:
    """Where links may lead inside lessons, introductions of modules and glossaries."""
    anchors: dict[str, frozenset[str]] = {}
    for path, file in files.items():
        if isinstance(file.value, GlossarySource):
            anchors[path] = frozenset(term.slug for term, _ in file.value.terms)
        elif isinstance(file.value, ModuleSource) or _is_lesson(file):
            anchors[path] = frozenset(title.id or slug(title.text) for title in file.facts.titles)
    return anchors


def check_text(file: Parsed, snapshot: Snapshot, anchors: Anchors, *, first_level: int, report: Report) -> None:
    """`first_level` is the level of the first headings that the author may use in this file."""
    shelf = _shelf(file.path, snapshot)
    for link in file.facts.links:
        if link.is_image:
            _check_media(link, shelf, report)
        else:
            _check_link(link, file.path, shelf, snapshot.pages, report)
            _check_anchor(link, file.path, snapshot.pages, anchors, report)
    _check_titles(file.facts, first_level, report)
    for formula in file.facts.formulas:
        try:
            mathml(formula.tex.strip())
        except FormulaError as failure:
            report.error(formula.line, str(failure), "corrigez la formule, ou écrivez \\$ pour le signe dollar")
    for tag in file.facts.tags:
        _check_tag(tag, report)
    if not _is_lesson(file):
        for line in file.facts.questions:
            report.error(line, "bloc ```question hors d'une leçon", "écrivez-la dans un quiz, avec un titre ##")


def _is_lesson(file: Parsed) -> bool:
    return isinstance(file.value, ItemFile) and file.value.item.kind is Kind.LESSON


def _shelf(path: str, snapshot: Snapshot) -> Shelf:
    parts = path.split("/")
    return Shelf(parts[1] if len(parts) > 2 else "", snapshot.media, snapshot.transcripts)


def _check_link(link: Link, path: str, shelf: Shelf, pages: Mapping[str, str], report: Report) -> None:
    words = anyascii(link.text).strip(" .»«*_!").lower()
    if not words and not link.text.startswith("!"):
        report.error(link.line, "lien sans texte", "écrivez où mène le lien")
    elif words in _EMPTY_WORDS:
        report.warn(link.line, f"texte de lien « {link.text} »", "dites où mène le lien")
    if not is_safe_address(link.target):
        report.error(
            link.line, f"adresse refusée : « {link.target[:80]} »", "http, https, mailto, tel ou un fichier du cours"
        )
    elif _SCHEME.match(link.target):
        if _HTTP.match(link.target):
            report.warn(link.line, "lien en http", "écrivez https si le site le permet")
    elif not link.target.startswith("#"):
        _check_path(link, path, shelf, pages, report)


def _check_path(link: Link, path: str, shelf: Shelf, pages: Mapping[str, str], report: Report) -> None:
    target = link.target.partition("#")[0]
    if _leaves(target, path):
        report.error(
            link.line, f"chemin refusé : « {link.target[:80]} »", "un chemin relatif, dans le dossier de cours"
        )
    elif target.startswith("media/"):
        if shelf.find(target) is None:
            report.error(link.line, f"fichier introuvable : {target}", _nearest(target, shelf))
    elif normpath(join(dirname(path), target)) not in pages:
        report.error(link.line, f"page introuvable : {target}", "vérifiez le nom du fichier, numéro compris")


def _check_anchor(link: Link, path: str, pages: Mapping[str, str], anchors: Anchors, report: Report) -> None:
    target, _, written = link.target.partition("#")
    page = normpath(join(dirname(path), target)) if target else path
    if not written or page not in anchors or written.startswith("fn"):
        return
    if anchor_of(written, pages.get(page, "")) not in anchors[page]:
        report.warn(link.line, f"titre introuvable : #{written[:80]}", "reprenez les mots du titre, avec des tirets")


def _leaves(target: str, path: str) -> bool:
    return bool(_UNSAFE_PATH.search(target)) or normpath(join(dirname(path), target)).startswith("..")


def _check_media(link: Link, shelf: Shelf, report: Report) -> None:
    target = link.target
    if _SCHEME.match(target) or target.startswith("//"):
        report.error(link.line, f"image distante : {target[:80]}", "copiez le fichier dans media/")
        return
    if _UNSAFE_PATH.search(target) or ".." in target.split("/"):
        report.error(link.line, f"chemin refusé : « {target[:80]} »", "écrivez media/nom-du-fichier")
        return
    media = shelf.find(target)
    if media is None:
        report.error(link.line, f"média introuvable : {target}", _nearest(target, shelf))
        return
    if is_played(media):
        _check_player(link, media, shelf, report)
    elif not link.text.strip():
        report.error(link.line, f"image sans texte de remplacement : {target}", "décrivez-la entre les crochets")
    elif len(link.text) > MAX_ALTERNATIVE:
        report.warn(
            link.line, f"texte de remplacement de {len(link.text)} caractères", "résumez, et décrivez dans le texte"
        )


def _check_player(link: Link, media: Media, shelf: Shelf, report: Report) -> None:
    stem = link.target.rpartition(".")[0]
    if suffix_of(media.name) in SOUNDS and not shelf.transcript(media):
        report.error(link.line, f"son sans transcription : {link.target}", f"ajoutez {stem}.transcript.md")
    if suffix_of(media.name) in VIDEOS:
        if shelf.captions(media) is None:
            report.error(link.line, f"vidéo sans sous-titres : {link.target}", f"ajoutez {stem}.vtt")
        if not shelf.transcript(media):
            report.warn(link.line, f"vidéo sans transcription : {link.target}", f"ajoutez {stem}.transcript.md")


def _nearest(target: str, shelf: Shelf) -> str:
    name = target.rpartition("/")[2].lower()
    own = [key.partition("/")[2] for key in shelf.media if key.startswith(f"{shelf.module}/")]
    near = next((known for known in own if known.lower() == name), None)
    return f"le fichier s'appelle « {near} »" if near else "ajoutez-le dans le dossier media du module"


def _check_titles(facts: Facts, first_level: int, report: Report) -> None:
    """Levels go down one at a time; a level above the first is the page's own."""
    level = max(first_level - 1, 1)
    for title in facts.titles:
        if not title.text:
            report.error(title.line, "titre vide", "écrivez-le, ou retirez les #")
        if "![" in title.text:
            report.error(title.line, "image ou son dans un titre", "placez-le dessous")
        if title.level < first_level:
            fix = f"commencez par {'#' * first_level}"
            report.error(title.line, f"titre de niveau {title.level} : il vient de l'en-tête", fix)
        elif title.level > level + 1:
            report.warn(
                title.line, f"titre de niveau {title.level} après le niveau {level}", f"écrivez {'#' * (level + 1)}"
            )
        level = max(title.level, 1)


def _check_tag(tag: RawTag, report: Report) -> None:
    for lost in removed_from(tag.name, tag.attributes):
        report.warn(tag.line, f"{lost} disparaît à l'affichage", "écrivez-le en Markdown, ou retirez-le")
    if tag.name == "img" and not re.search(r"\balt\s*=", tag.attributes):
        report.warn(tag.line, "image sans texte de remplacement", "écrivez ![description](media/…)")


def texts_with_levels(files: Mapping[str, Parsed]) -> Iterator[tuple[Parsed, int]]:
    """Each page with its first level of headings: a question's own headings start at 3, sections at 1."""
    for file in files.values():
        facts = file.facts
        is_told = facts.links or facts.titles or facts.formulas or facts.tags or facts.questions
        if file.value is not None and is_told:
            yield file, _first_level(file)


def _first_level(file: Parsed) -> int:
    is_quiz = isinstance(file.value, ItemFile) and file.value.item.kind is Kind.QUIZ
    return 1 if is_quiz or isinstance(file.value, Transcript) else 2
