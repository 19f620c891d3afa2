"""`flask --app wsgi demo …`, and what `make serve` does before serving: tables, invented people, search index."""

from __future__ import annotations

from typing import NoReturn

import click
from flask import current_app
from flask.cli import AppGroup
from flask_migrate import upgrade

from deust.config import Settings
from deust.domain.access import Role
from deust.domain.errors import Unavailable
from deust.models.transaction import reading, writing
from deust.models.version import known_revisions, strange_tables, table_revision
from deust.services.demo import PASSWORD, STAFF, STUDENTS, DemoAccount, seed_demo
from deust.services.demo_stories import Story
from deust.services.learning import index_programme
from deust.services.tools import Tools

demo = AppGroup("demo", help="La démonstration : une promotion inventée, en cinquième semaine.")

ROLES = {Role.ADMIN: "administration", Role.MANAGER: "responsable", Role.TUTOR: "tuteur", Role.STUDENT: "étudiant"}

STORIES = {
    Story.INVITED: "invité, n'a pas encore choisi de mot de passe",
    Story.NEW: "n'a rien ouvert",
    Story.JUST_BEGUN: "vient d'ouvrir la première leçon",
    Story.MIDDLE_OF_LESSON: "au milieu d'une leçon",
    Story.ON_TIME: "à jour",
    Story.MARKED: "à jour, devoir noté, avec un commentaire parlé",
    Story.AHEAD: "en avance, quiz noté réussi",
    Story.LATE: "en retard",
    Story.STOPPED: "s'est arrêté à la première leçon",
    Story.TIMED_QUIZ_OPEN: "au milieu du quiz noté, minuté",
    Story.UNTIMED_QUIZ_OPEN: "au milieu d'un entraînement sans limite de temps",
    Story.OUT_OF_ATTEMPTS: "quiz noté échoué, plus d'essai",
    Story.TO_REDO: "quiz noté à refaire",
    Story.PASSED: "quiz noté réussi au deuxième essai",
    Story.EXTRA_TIME: "un tiers de temps en plus, au milieu du quiz noté",
    Story.EXTRA_MINUTES: "dix minutes en plus, quiz noté à refaire",
    Story.DATES_MOVED: "dates repoussées de deux semaines",
    Story.CLOSED_BY_CLOCK: "quiz noté fermé à l'échéance",
    Story.LATE_ANSWERS: "réponses arrivées après l'échéance",
    Story.AWAITING_MARK: "réponse rédigée à corriger",
    Story.DISABLED: "compte fermé",
    Story.LEFT: "a quitté la formation",
}


def prepare_demo(settings: Settings) -> str:
    """Bring the tables up to date, seed the demonstration once, index the courses; gives the accounts to show.

    In production nothing is made: tables are brought up to date by hand.
    """
    if settings.is_production:
        return ""
    _update_tables()
    tools: Tools = current_app.extensions["deust"]
    with writing() as session:
        seed_demo(
            session,
            catalogue=tools.catalogue,
            files=tools.files,
            passwords=tools.passwords,
            now=tools.clock(),
        )
        for programme in tools.catalogue.programmes():
            index_programme(session, programme)
    return accounts_text()


def accounts_text() -> str:
    """Every account of the demonstration, with the one password."""
    accounts = (*STAFF, *STUDENTS)
    widest = max(len(account.email) for account in accounts)
    lines = [f"  {account.email:<{widest}}  {_words(account)}" for account in accounts]
    return "\n".join((f"Comptes de démonstration, mot de passe : {PASSWORD}", *lines, ""))


@demo.command("prepare")
def prepare() -> None:
    """Crée les tables, la promotion inventée et l'index de recherche, s'ils manquent."""
    settings: Settings = current_app.config["DEUST"]
    if settings.is_production:
        raise click.ClickException("En production, il n'y a pas de démonstration.")
    click.echo(prepare_demo(settings), nl=False)


@demo.command("accounts")
def show_accounts() -> None:
    """Liste les comptes de démonstration."""
    click.echo(accounts_text(), nl=False)


def _words(account: DemoAccount) -> str:
    words = f"{ROLES[account.role]} : {account.name}"
    return f"{words}, {STORIES[account.story]}" if account.story else words


def _update_tables() -> None:
    """Run the migrations that are missing. Stops before tables that this code did not make, or a newer one made."""
    revision, known = _revision(), known_revisions()
    if revision == known[-1]:
        return
    if revision is not None and revision not in known:
        _stop(
            f"The database was made by a newer version of DEUST (revision {revision}, this code knows {known[-1]}): "
            "update the code, or use another database."
        )
    upgrade()


def _revision() -> str | None:
    """The revision of the tables; None for an empty database. Stops before a database that is not this product's."""
    try:
        with reading() as connection:
            found = table_revision(connection)
            strange = () if found else strange_tables(connection)
    except Unavailable as down:
        _stop(f"The database does not answer: {down.__cause__}")
    if strange:
        _stop(f"The database holds tables of something else ({', '.join(strange[:3])}…): use another one.")
    return found


def _stop(reason: str) -> NoReturn:
    raise SystemExit(f"DEUST does not start. {reason}")
