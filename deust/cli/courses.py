"""`flask --app wsgi courses …`: check, list, show, try and publish courses."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import click
from flask import current_app
from flask.cli import AppGroup

from deust.cli.questions import drawn_from, question_lines
from deust.content.export import item_as_json
from deust.content.measures import Measures, measure
from deust.content.problems import Level, Problem, counted, errors_of, in_order
from deust.content.publishing import history_problems
from deust.content.publishing import publish as publish_tree
from deust.content.store import Store
from deust.content.tree import Reading, read_tree
from deust.domain.calculated import draw_for, is_drawn
from deust.domain.errors import InvalidAnswer
from deust.domain.french_numbers import format_number, read_number
from deust.domain.learning import Announced, Assignment, Lesson, Programme, Quiz, points_of
from deust.domain.marking import mark, points
from deust.domain.questions import HUMAN_MARKED, Info, Json, Question, Values, type_of
from deust.domain.reading import read_author

Item = Lesson | Quiz | Announced
Function = TypeVar("Function", bound=Callable[..., Any])

_EXPECTED = {
    "unknown-option": "le numéro ou le texte d'une proposition, ou « vrai », ou « faux »",
    "wrong-count": "une liste d'autant de réponses que de paires, de trous ou d'éléments",
    "place-twice": "une liste où chaque élément est une seule fois",
    "not-a-text": "un texte entre guillemets, ou un nombre",
    "file": "rien : un fichier ou une voix se déposent sur la plateforme",
}
"""What an author should have written, by the reason of the refusal."""

KINDS = {"lesson": "leçon", "quiz": "quiz", "call": "appel", "assignment": "devoir"}

_PATH = click.Path(path_type=Path)
_JSON = click.option("--json", "as_json", is_flag=True, help="Écrit du JSON.")


def _courses_option(command: Function) -> Function:
    return click.option("--courses", "folder", type=_PATH, help="Un autre dossier de cours.")(command)


courses = AppGroup("courses", help="Vérifier, lister, montrer, essayer et publier les cours.")
courses.params.append(click.Option(["--courses", "folder"], type=_PATH, help="Un autre dossier de cours."))


def _group_callback(folder: Path | None = None) -> None:
    click.get_current_context().meta["deust.courses"] = folder


courses.callback = _group_callback


def _folder(given: Path | None) -> Path:
    """The folder of the command's option, else of the group's, else of the settings."""
    chosen = given or click.get_current_context().meta.get("deust.courses")
    folder = Path(chosen or current_app.config["DEUST_COURSES_DIR"])
    if not folder.is_dir():
        _fail(f"le dossier de cours {folder} n'existe pas.")
    return folder


def _published_dir() -> Path | None:
    settings = current_app.config.get("DEUST")
    return Path(settings.published_dir) if settings is not None else None


def _read(folder: Path) -> Reading:
    return read_tree(folder, today=datetime.now(UTC).astimezone().date())


def _fail(message: str) -> NoReturn:
    click.echo(f"Erreur : {message}", err=True)
    sys.exit(2)


@courses.command("check", help="Liste tous les problèmes des cours ; sort en erreur s'il y en a.")
@click.argument("path", required=False, type=_PATH)
@_courses_option
def check_courses(path: Path | None, folder: Path | None) -> None:
    root, prefix = _root_of(path) if path else (_folder(folder), "")
    reading = _read(root)
    problems = [p for p in (*reading.problems, *_history(root, reading)) if _is_under(p.path, prefix)]
    for problem in in_order(problems):
        click.echo(_shown(problem, root))
    errors = len(errors_of(problems))
    warnings = sum(problem.level is Level.WARNING for problem in problems)
    click.echo(f"{counted(errors, 'erreur')}, {counted(warnings, 'avertissement')}.", err=True)
    sys.exit(1 if errors else 0)


def _history(root: Path, reading: Reading) -> list[Problem]:
    """What the published version has and this one changes; only for the courses that this server publishes."""
    published = _published_dir()
    if published is None or not published.is_dir() or root.resolve() != Path(current_app.config["DEUST_COURSES_DIR"]):
        return []
    return history_problems(reading, Store(published).current())


def _root_of(path: Path) -> tuple[Path, str]:
    """The courses folder that holds a path, and what of it was asked for."""
    path = path.resolve()
    if not path.exists():
        _fail(f"{path} n'existe pas.")
    for folder in (path, *path.parents):
        if (folder / "programme.yml").is_file():
            return folder.parent, str(path.relative_to(folder.parent))
    if path.is_file():
        _fail(f"{path} n'est dans aucun dossier de cours.")
    return path, ""


def _is_under(path: str, folder: str) -> bool:
    return not folder or path == folder or path.startswith(f"{folder}/")


def _shown(problem: Problem, root: Path) -> str:
    """The problem with a path that the terminal can open."""
    path = (root / problem.path).absolute()
    here = Path.cwd()
    name = path.relative_to(here) if path.is_relative_to(here) else path
    return str(Problem(str(name), problem.line, problem.level, problem.message, problem.fix))


@courses.command("list", help="Liste les modules et leurs activités.")
@_courses_option
def list_courses(folder: Path | None) -> None:
    for programme in _read(_folder(folder)).programmes.values():
        click.echo(f"{programme.id} — {programme.title}")
        for module in programme.modules.values():
            click.echo(f"  {module.id} — {module.title} ({module.hours} h)")
            for item in module.items:
                click.echo(f"    {item.number:02} {item.ref} — {item.title} ({_summary(item)})")


def _summary(item: Item) -> str:
    parts = [KINDS[item.kind], f"{item.minutes} min"]
    questions = _questions(item)
    if questions:
        asked = sum(not isinstance(question.answer, Info) for question in questions)
        parts += [
            counted(asked, "partie" if isinstance(item, Assignment) else "question"),
            f"{format_number(points_of(questions))} pt",
        ]
    return ", ".join(parts)


def _questions(item: Item) -> tuple[Question, ...]:
    if isinstance(item, Quiz):
        return item.questions
    return item.checks if isinstance(item, Lesson) else ()


def _item(reading: Reading, name: str) -> Item:
    """The item of `module/item`, or of an id that only one module has."""
    if "/" in name:
        found = [item for one in reading.programmes.values() if (item := one.find_item(name)) is not None]
    else:
        found = [item for one in reading.programmes.values() for item in _named(one, name)]
    if not found:
        broken = ", ou son fichier a des erreurs : « courses check » les dit" if errors_of(reading.problems) else ""
        _fail(f"l'activité « {name} » n'existe pas{broken} ; « courses list » donne leurs noms.")
    if len(found) > 1:
        _fail(f"plusieurs activités s'appellent « {name} » : {', '.join(item.ref for item in found)}.")
    return found[0]


def _named(programme: Programme, item_id: str) -> list[Item]:
    return [item for module in programme.modules.values() if (item := module.item(item_id)) is not None]


@courses.command("count", help="Compte ce que contient chaque module écrit, en tableau Markdown.")
@_courses_option
def count_courses(folder: Path | None) -> None:
    for programme in _read(_folder(folder)).programmes.values():
        click.echo("\n".join(counts_table(programme)))


_COUNTED = (
    "module",
    "leçons",
    "mots",
    "à vérifier",
    "quiz (notés)",
    "questions",
    "types",
    "appels",
    "devoirs",
    "heures",
    "mots par phrase",
    "lisibilité",
)


_SUMMED = ("lessons", "words", "checks", "quizzes", "items", "calls", "assignments", "minutes")


def counts_table(programme: Programme) -> list[str]:
    """One line a module that is written, then the sums; readability is Kandel and Moles'."""
    found = [(module, measure(module)) for module in programme.modules.values() if module.items]
    lines = [f"| {' | '.join(_COUNTED)} |", f"|---{'|--:' * (len(_COUNTED) - 1)}|"]
    lines += [_counted(module.title, one, module.hours) for module, one in found]
    whole = {name: sum(getattr(one, name) for _, one in found) for name in _SUMMED}
    hours = format_number(Fraction(whole["minutes"], 60), 1)
    lines.append(
        "| **en tout** | {lessons} | {words} | {checks} | {quizzes} | {items} | | {calls} | {assignments} | ".format(
            **whole
        )
        + f"{hours} | | |"
    )
    return lines


def _counted(title: str, one: Measures, hours: int) -> str:
    cells = (
        title,
        one.lessons,
        one.words,
        one.checks,
        f"{one.quizzes} ({one.graded_quizzes})",
        one.items,
        len(one.types),
        one.calls,
        one.assignments,
        f"{format_number(Fraction(one.minutes, 60), 1)} / {hours}",
        format_number(one.sentence_words, 1),
        format_number(one.readability, 0),
    )
    return f"| {' | '.join(map(str, cells))} |"


@courses.command("show", help="Montre une activité telle qu'elle est lue, réponses comprises.")
@click.argument("item")
@_JSON
@_courses_option
def show_course(item: str, as_json: bool, folder: Path | None) -> None:
    found = _item(_read(_folder(folder)), item)
    if as_json:
        click.echo(json.dumps(item_as_json(found), ensure_ascii=False, indent=2))
        return
    click.echo(f"{found.ref} — {found.title} ({_summary(found)})")
    for question in _questions(found):
        click.echo("\n" + "\n".join(question_lines(question)))


@courses.command("try", help="Corrige un fichier de réponses {identifiant: réponse}, sans base de données.")
@click.argument("item")
@click.argument("answers", type=_PATH)
@click.option("--seed", default=1, show_default=True, help="Tirage des nombres des questions calculées.")
@_JSON
@_courses_option
def try_course(item: str, answers: Path, seed: int, as_json: bool, folder: Path | None) -> None:
    found = _item(_read(_folder(folder)), item)
    questions = _questions(found)
    if not questions:
        _fail(f"« {found.ref} » n'a pas de question.")
    given = _answers(answers, questions)
    rows = [_tried(question, given.get(question.id), seed) for question in questions]
    total = _total(rows)
    if as_json:
        click.echo(json.dumps({"item": found.ref, "questions": rows, "total": total}, ensure_ascii=False, indent=2))
        return
    for row in rows:
        click.echo(_row(row))
    waiting = f", {total['waiting']} à corriger par une personne" if total["waiting"] != "0" else ""
    click.echo(f"total : {total['earned']} sur {total['out_of']} ({total['decimal']}){waiting}")


def _answers(path: Path, questions: Sequence[Question]) -> dict[str, Json]:
    try:
        given = json.loads(path.read_text(encoding="utf-8-sig"), parse_float=str)
    except OSError:
        _fail(f"{path} n'existe pas ou ne peut être lu.")
    except json.JSONDecodeError as failure:
        _fail(f"{path} n'est pas un fichier JSON lisible (ligne {failure.lineno}, colonne {failure.colno}).")
    except (ValueError, RecursionError):
        _fail(f"{path} n'est pas un fichier JSON lisible.")
    if not isinstance(given, dict):
        _fail(f"{path} doit contenir {{identifiant: réponse}}.")
    known = {question.id for question in questions}
    unknown = [name for name in given if name not in known]
    if unknown:
        _fail(f"questions inconnues : {', '.join(unknown)} ; connues : {', '.join(sorted(known))}.")
    return given


def _tried(question: Question, given: Json, seed: int) -> dict[str, Any]:
    """One question of the trial: what it earned, or who marks it."""
    values: Values = draw_for(question, random.Random(f"{seed}/{question.id}"))
    if isinstance(given, dict) and "answer" in given:
        values = {**values, **_numbers(question, given.get("values"))}
        given = given["answer"]
    try:
        verdict = mark(question, read_author(question, given), values)
    except InvalidAnswer as refusal:
        expected = _EXPECTED.get(refusal.reason, "une réponse plus simple")
        _fail(f"réponse à « {question.id} » illisible ; attendu : {expected}.")
    earned = points(question, verdict)
    row: dict[str, Any] = {
        "id": question.id,
        "type": type_of(question),
        "state": _state(question, given, earned),
        "points": str(question.points),
        "share": None if verdict.share is None else str(verdict.share),
        "earned": None if earned is None else str(earned),
        "decimal": None if earned is None else format_number(earned, 4),
        "feedback": list(verdict.feedback),
    }
    return row if not values else {**row, "values": {name: str(value) for name, value in values.items()}}


def _numbers(question: Question, given: Json) -> dict[str, Fraction]:
    """The numbers that the author chooses for a calculated question, instead of a draw."""
    known = {variable.name: variable for variable in question.variables}
    written = given if isinstance(given, dict) else {}
    try:
        chosen = {name: read_number(str(value)) for name, value in written.items() if name in known}
    except InvalidAnswer:
        _fail(f"« values » de « {question.id} » : des nombres étaient attendus.")
    for name, value in chosen.items():
        if not is_drawn(known[name], value):
            _fail(f"« values » de « {question.id} » : {name} est tiré {drawn_from(known[name])}.")
    return chosen


def _state(question: Question, given: Json, earned: Fraction | None) -> str:
    if isinstance(question.answer, Info):
        return "info"
    if isinstance(question.answer, HUMAN_MARKED) or earned is None:
        return "human"
    return "marked" if given is not None else "unanswered"


def _row(row: dict[str, Any]) -> str:
    drawn = ", ".join(f"{name} = {value}" for name, value in row.get("values", {}).items())
    head = f"{row['id']} [{row['type']}{', ' + drawn if drawn else ''}] : "
    if row["state"] == "info":
        return f"{head}information, rien à corriger"
    if row["state"] == "human":
        return f"{head}à corriger par une personne (sur {row['points']})"
    missing = ", sans réponse" if row["state"] == "unanswered" else ""
    return f"{head}{row['earned']} sur {row['points']} ({row['decimal']}){missing}"


def _total(rows: Sequence[dict[str, Any]]) -> dict[str, str]:
    marked = [row for row in rows if row["state"] in ("marked", "unanswered")]
    waiting = sum((Fraction(row["points"]) for row in rows if row["state"] == "human"), Fraction(0))
    earned = sum((Fraction(row["earned"]) for row in marked), Fraction(0))
    out_of = sum((Fraction(row["points"]) for row in marked), Fraction(0))
    return {
        "earned": str(earned),
        "out_of": str(out_of),
        "decimal": format_number(earned, 4),
        "waiting": str(waiting),
    }


@courses.command("publish", help="Publie les cours : le serveur les montre à la page suivante.")
@click.option("--published", type=_PATH, help="Un autre dossier de publication.")
@_courses_option
def publish_courses(published: Path | None, folder: Path | None) -> None:
    root, target = _folder(folder), published or _published_dir()
    if target is None:
        _fail("dossier de publication inconnu ; donnez --published.")
    try:
        done = publish_tree(root, target, today=datetime.now(UTC).astimezone().date())
    except OSError as failure:
        _fail(f"rien n'est publié : {target} ne peut être écrit ({failure.strerror}).")
    for problem in done.problems:
        if problem.level is not Level.INFO:
            click.echo(_shown(problem, root), err=True)
    if not done.is_published:
        click.echo("Rien n'est publié : la version précédente reste en place.", err=True)
        sys.exit(1)
    click.echo(f"Version {done.version[:12]} publiée.")
