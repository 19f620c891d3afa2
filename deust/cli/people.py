"""`flask --app wsgi people …`: cohorts, accounts, lists of students, arrangements."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy.orm import Session

from deust.content.problems import counted
from deust.domain.access import Role
from deust.domain.errors import InvalidAnswer, InvalidPerson, NotFound, WeakPassword
from deust.domain.french_numbers import read_number
from deust.domain.signin import LONGEST, SHORTEST
from deust.exchange.people import RowProblem, StudentFile, read_students
from deust.models.people import Person
from deust.models.transaction import writing
from deust.services import people as services
from deust.services import signin
from deust.services.people_import import Action, Change, ImportPlan, PlannedRow, import_people, plan_import
from deust.services.tools import Tools

people = AppGroup("people", help="Cohortes, comptes, listes d'étudiants et aménagements.")

FIELDS = {
    "email": "adresse e-mail",
    "family_name": "nom",
    "given_name": "prénom",
    "student_number": "numéro étudiant",
    "group": "groupe",
    "role": "rôle",
    "cohort": "promotion",
}

ACTIONS = {
    Action.CREATE: "créer",
    Action.ENROL: "inscrire",
    Action.MODIFY: "modifier",
    Action.UNCHANGED: "inchangé",
    Action.REFUSED: "erreur",
}

PROBLEMS = {
    "size": "fichier de plus de 10 Mo",
    "encoding": "encodage inconnu : enregistrez en UTF-8, ou donnez-le avec --encoding",
    "empty": "fichier vide",
    "quotes": "guillemets mal fermés",
    "header-missing": "colonne absente",
    "header-twice": "colonne présente deux fois",
    "too-many-cells": "plus de cases que de colonnes : un séparateur est resté dans un texte",
    "missing": "case vide",
    "accents": "accents abîmés avant l'enregistrement du fichier",
    "unprintable": "signe invisible",
    "too-long": "trop long",
    "not-an-email": "pas une adresse e-mail",
    "role-refused": "seuls des étudiants s'importent",
    "twice": "déjà donné plus haut dans le fichier",
    "same-person": "même personne qu'une ligne plus haut, par son numéro ou son adresse",
    "number-rounded": "numéro arrondi par le tableur : mettez la colonne en texte, puis retapez-le",
    "email-of-another": "adresse d'une autre personne que ce numéro",
    "other-number": "cette personne a déjà un autre numéro",
    "not-a-student": "ce compte n'est pas celui d'un étudiant",
    "account-closed": "compte fermé : rouvrez-le d'abord",
    "group-unknown": "groupe inconnu dans cette promotion",
    "other-cohort": "autre promotion que celle de l'import",
}

REASONS = {
    "email": "L'adresse e-mail n'en est pas une.",
    "email-taken": "Cette adresse a déjà un compte.",
    "number-taken": "Ce numéro étudiant a déjà un compte.",
    "name": "Le nom et le prénom sont nécessaires.",
    "role": "Ce rôle ne convient pas : les étudiants s'inscrivent, les tuteurs suivent.",
    "arrangement": "Le multiplicateur va de 1 à 4, les minutes de 0 à 480.",
    "short": f"Mot de passe de moins de {SHORTEST} caractères.",
    "long": f"Mot de passe de plus de {LONGEST} caractères.",
    "common": "Ce mot de passe fait partie des premiers que l'on essaie.",
    "personal": "Ce mot de passe contient le nom ou l'adresse.",
}


@people.command("cohort")
@click.argument("code")
@click.option("--title", required=True, help="Ce que les étudiants lisent : « Promotion 2026 ».")
@click.option("--programme", required=True, help="Dossier du programme dans les cours.")
@click.option("--week-one", required=True, type=click.DateTime(["%Y-%m-%d"]), help="Lundi de la semaine 1.")
@click.option("--group", "groups", multiple=True, help="Un groupe ; l'option se répète.")
def create_cohort(code: str, title: str, programme: str, week_one: datetime, groups: tuple[str, ...]) -> None:
    """Crée une promotion et ses groupes ; ajoute les groupes à une promotion qui existe."""
    with writing() as session:
        cohort = services.find_cohort(session, code)
        if cohort is None:
            _ensure_cohort(programme, week_one)
            cohort = services.create_cohort(
                session, code=code, title=title, programme=programme, week_one_on=week_one.date()
            )
        for name in groups:
            services.create_group(session, cohort.id, name=name)
    click.echo(f"Promotion {code} : prête.")


def _ensure_cohort(programme: str, week_one: datetime) -> None:
    """Refuses what a promotion could never follow: a programme that is not there, weeks that begin on no Monday."""
    known = [one.id for one in _tools().catalogue.programmes()]
    if programme not in known:
        raise click.ClickException(f"Programme « {programme} » inconnu ; connus : {', '.join(known) or 'aucun'}.")
    if week_one.weekday() != 0:
        raise click.ClickException(f"La semaine 1 commence un lundi ; le {week_one:%d/%m/%Y} n'en est pas un.")


@people.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--cohort", "cohort_code", required=True, help="Code de la promotion.")
@click.option("--dry-run", is_flag=True, help="Dit ce qui serait fait, sans rien faire.")
@click.option("--encoding", help="Encodage du fichier, s'il est mal reconnu : utf-8, cp1252, latin-1, utf-16…")
@click.option("--invite", is_flag=True, help="Envoie aux nouveaux un lien pour choisir un mot de passe.")
def import_file(file: Path, cohort_code: str, dry_run: bool, encoding: str | None, invite: bool) -> None:
    """Importe une liste d'étudiants (CSV) : tout, ou rien s'il reste une erreur."""
    read = read_students(file.read_bytes(), encoding=encoding)
    try:
        with writing() as session:
            plan = plan_import(session, read, cohort_code=cohort_code)
            invited = () if dry_run or plan.problems else _import(session, plan, invite=invite)
    except NotFound:
        raise click.ClickException(f"La promotion « {cohort_code} » n'existe pas.") from None
    _show(plan)
    if plan.problems:
        raise click.ClickException("Rien n'a été importé : corrigez le fichier, puis recommencez.")
    if dry_run:
        click.echo("Essai à blanc : rien n'a été changé.")
        return
    click.echo("Import fait." + (f" Invitations envoyées : {len(invited)}." if invite else ""))


@people.command("create")
@click.option("--email", required=True)
@click.option("--given-name", required=True)
@click.option("--family-name", required=True)
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
@click.option("--cohort", "cohort_code", help="Promotion d'un étudiant, ou d'un tuteur avec --group.")
@click.option("--group", "group_name", help="Groupe de l'étudiant, ou que le tuteur suit.")
@click.option("--invite", is_flag=True, help="Envoie un lien pour choisir un mot de passe.")
@click.option("--password-stdin", is_flag=True, help="Lit le mot de passe sur l'entrée standard.")
def create(
    email: str,
    given_name: str,
    family_name: str,
    role: str,
    cohort_code: str | None,
    group_name: str | None,
    invite: bool,
    password_stdin: bool,
) -> None:
    """Crée un compte. Le groupe est l'un de ceux de la promotion : « people cohort » en ajoute."""
    if group_name and not cohort_code:
        raise click.ClickException("--group demande --cohort : un groupe est celui d'une promotion.")
    password_hash = _password_from_stdin((email, given_name, family_name)) if password_stdin else None
    tools, now = _tools(), _tools().clock()
    with writing() as session:
        try:
            person = services.create_person(
                session,
                email=email,
                given_name=given_name,
                family_name=family_name,
                role=Role(role),
                by=None,
                now=now,
            )
            _place(session, person, cohort_code, group_name, now)
        except InvalidPerson as invalid:
            raise click.ClickException(REASONS[invalid.reason]) from None
        person.password_hash = password_hash
        if invite:
            signin.invite(session, person.id, by=None, base_url=tools.base_url, now=now)
    click.echo(f"Compte créé : {email} ({role}).")


@people.command("accommodate")
@click.argument("email")
@click.option("--multiplier", default="1", show_default=True, help="Temps multiplié par : 4/3 pour un tiers en plus.")
@click.option("--extra-minutes", default=0, show_default=True, help="Minutes ajoutées ensuite.")
def accommodate(email: str, multiplier: str, extra_minutes: int) -> None:
    """Accorde du temps en plus ; les essais en cours changent d'échéance tout de suite."""
    with writing() as session:
        person = services.find_person(session, email)
        try:
            moved = services.grant_accommodation(
                session,
                person.id if person else 0,
                time_multiplier=read_number(multiplier),
                extra_minutes=extra_minutes,
                by=None,
                now=_tools().clock(),
            )
        except NotFound:
            raise click.ClickException(f"Aucun étudiant à l'adresse {email}.") from None
        except (InvalidPerson, InvalidAnswer):
            raise click.ClickException(REASONS["arrangement"]) from None
    click.echo(f"Aménagement enregistré ; échéances déplacées : {moved}.")


def _tools() -> Tools:
    return current_app.extensions["deust"]


def _password_from_stdin(about: tuple[str, ...]) -> str:
    password = sys.stdin.readline().rstrip("\r\n")
    try:
        return signin.hashed_new_password(password, about=about, passwords=_tools().passwords)
    except WeakPassword as weak:
        raise click.ClickException(REASONS[weak.reason]) from None


def _place(session: Session, person: Person, cohort_code: str | None, group_name: str | None, now: datetime) -> None:
    if cohort_code is None:
        return
    cohort = services.find_cohort(session, cohort_code)
    if cohort is None:
        raise click.ClickException(f"La promotion « {cohort_code} » n'existe pas.")
    group_id = _group(services.groups_of(session, cohort.id), group_name) if group_name else None
    if person.role == Role.TUTOR and group_id is not None:
        services.assign_tutor(session, person, group_id=group_id, by=None, now=now)
        return
    services.enrol(session, person, cohort_id=cohort.id, group_id=group_id, by=None, now=now)


def _group(groups: Mapping[str, int], name: str) -> int:
    """Refuses a name that is none of theirs: a slip of the keyboard would make a group that nobody follows."""
    if name not in groups:
        raise click.ClickException(f"Groupe « {name} » inconnu ; connus : {', '.join(groups) or 'aucun'}.")
    return groups[name]


def _import(session: Session, plan: ImportPlan, *, invite: bool) -> Sequence[Person]:
    """Gives those who are invited. Nothing is said meanwhile: who reads page by page would keep everyone waiting."""
    tools, now = _tools(), _tools().clock()
    created = import_people(session, plan, by=None, now=now)
    if not invite:
        return ()
    signin.invite_all(session, created, by=None, base_url=tools.base_url, now=now)
    return created


def _show(plan: ImportPlan) -> None:
    _show_reading(plan.file)
    for row in plan.rows:
        click.echo(f"ligne {row.row.line} : {_said(row)}")
    for problem in plan.problems:
        click.echo(_problem(problem), err=True)
    for email in plan.absent:
        click.echo(f"absent du fichier, rien n'est retiré : {email}")
    counts = ", ".join(f"{words} {plan.count(action)}" for action, words in ACTIONS.items())
    click.echo(f"{counted(len(plan.rows), 'ligne')} : {counts} ; absents du fichier {len(plan.absent)}.")


def _show_reading(file: StudentFile) -> None:
    separator = {"\t": "tabulation", "": "?"}.get(file.separator, file.separator)
    guess = ", reconnu : vérifiez les accents" if file.is_guess and file.preview else ""
    click.echo(f"Lu en {file.encoding}{guess} ; séparateur : {separator}")
    if file.preview:
        click.echo("Accents lus : " + ", ".join(f"« {text} »" for text in file.preview))
    if file.ignored:
        click.echo("Colonnes ignorées : " + ", ".join(file.ignored))


def _said(row: PlannedRow) -> str:
    words = f"{ACTIONS[row.action]} {row.row.email or '?'}"
    if row.changes:
        words += " (" + " ; ".join(map(_change, row.changes)) + ")"
    return words + (f" — même nom que {row.homonym_of}" if row.homonym_of else "")


def _change(change: Change) -> str:
    return f"{FIELDS[change.field]} : {change.before or '(vide)'} → {change.after}"


def _problem(problem: RowProblem) -> str:
    column = f", colonne « {FIELDS.get(problem.column, problem.column)} »" if problem.column else ""
    value = f" : « {problem.value} »" if problem.value else ""
    return f"ligne {problem.line}{column} : {PROBLEMS[problem.problem]}{value}"
