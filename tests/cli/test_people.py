"""`flask people …`, as someone at a terminal runs it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from deust.cli import people as commands
from deust.cli.people import ACTIONS, FIELDS, PROBLEMS, REASONS
from deust.config import ROOT
from deust.models.people import Accommodation, Cohort, Enrolment, Group, Person, Tutoring
from deust.models.records import OutboxMessage
from deust.services.people_import import Action, ImportPlan
from tests.conftest import Doors

HEADER = "Nom;Prénom;Courriel;Numéro étudiant;Groupe;Rôle\n"
NEW = ("--email", "lea@example.org", "--given-name", "Léa", "--family-name", "Roy")


def run(app: Flask, *arguments: str, stdin: str | None = None) -> Result:
    return app.test_cli_runner().invoke(args=["people", *arguments], input=stdin)


@pytest.fixture
def promo(app: Flask) -> None:
    made = run(
        app,
        "cohort",
        "2026",
        "--title",
        "Promotion 2026",
        "--programme",
        "deust-essai",
        "--week-one",
        "2026-09-14",
        "--group",
        "A",
    )
    assert made.exit_code == 0, made.output


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "inscrits.csv"


def people_count(doors: Doors) -> int:
    with doors.writing() as session:
        return session.scalars(select(func.count()).select_from(Person)).one()


@pytest.mark.parametrize(
    ("programme", "week_one", "said"),
    [
        ("deust-esai", "2026-09-14", "connus : deust-essai"),
        ("deust-essai", "2026-09-15", "lundi"),
    ],
)
def test_a_cohort_follows_a_programme_from_a_monday_on(
    app: Flask, doors: Doors, programme: str, week_one: str, said: str
) -> None:
    refused = run(app, "cohort", "2027", "--title", "x", "--programme", programme, "--week-one", week_one)
    assert refused.exit_code == 1
    assert said in refused.output
    with doors.writing() as session:
        assert session.scalars(select(Cohort.code)).all() == []


def test_a_cohort_is_made_once_and_takes_more_groups(app: Flask, promo: None, doors: Doors) -> None:
    more = run(
        app,
        "cohort",
        "2026",
        "--title",
        "x",
        "--programme",
        "x",
        "--week-one",
        "2026-01-05",
        "--group",
        "B",
        "--group",
        "A",
    )
    assert more.exit_code == 0
    with doors.writing() as session:
        assert session.scalars(select(Cohort.title)).all() == ["Promotion 2026"]
        assert sorted(session.scalars(select(Group.name))) == ["A", "B"]


def test_a_dry_run_says_what_each_row_would_do_and_does_nothing(
    app: Flask, promo: None, doors: Doors, file: Path
) -> None:
    file.write_bytes((HEADER + "L’Haÿ;Zoë;zoe@example.org;1;A;\n").encode("cp1252"))
    result = run(app, "import", str(file), "--cohort", "2026", "--dry-run")
    assert result.exit_code == 0, result.output
    assert "Lu en cp1252, reconnu : vérifiez les accents ; séparateur : ;" in result.output
    assert "« L’Haÿ »" in result.output
    assert "ligne 2 : créer zoe@example.org" in result.output
    assert "rien n'a été changé" in result.output
    assert people_count(doors) == 0


def test_an_import_can_be_run_again_and_says_who_is_absent(app: Flask, promo: None, doors: Doors, file: Path) -> None:
    file.write_text(HEADER + "Roy;Léa;lea@example.org;1;A;étudiante\nNoir;Léo;leo@example.org;2;;\n")
    result = run(app, "import", str(file), "--cohort", "2026", "--invite")
    assert (result.exit_code, people_count(doors)) == (0, 2)
    assert "Invitations envoyées : 2." in result.output
    file.write_text(HEADER + "Roy-Noir;Léa;lea@example.org;1;A;\n")
    result = run(app, "import", str(file), "--cohort", "2026", "--invite")
    assert "ligne 2 : modifier lea@example.org (nom : Roy → Roy-Noir)" in result.output
    assert "absent du fichier, rien n'est retiré : leo@example.org" in result.output
    assert "ligne 2 : inchangé" in run(app, "import", str(file), "--cohort", "2026").output
    with doors.writing() as session:
        assert session.scalars(select(func.count()).select_from(OutboxMessage)).one() == 2
        assert session.scalars(select(Enrolment.ended_on)).all() == [None, None]


@pytest.mark.parametrize("option", ["--dry-run", "--invite"])
def test_what_is_said_keeps_nobody_waiting(
    app: Flask, promo: None, doors: Doors, file: Path, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    """The lines may be read page by page: on SQLite, nobody could save an answer until the last one."""

    def someone_writes_then_show(plan: ImportPlan) -> None:
        with doors.writing() as session:
            session.connection()
        show(plan)

    show = commands._show
    monkeypatch.setattr(commands, "_show", someone_writes_then_show)
    file.write_text(HEADER + "Roy;Léa;lea@example.org;1;A;\n")
    result = run(app, "import", str(file), "--cohort", "2026", option)
    assert result.exit_code == 0, result.output
    assert "ligne 2 : créer lea@example.org" in result.output


def test_a_file_with_errors_lists_them_all_and_changes_nothing(
    app: Flask, promo: None, doors: Doors, file: Path
) -> None:
    file.write_text(HEADER + "Roy;Léa;lea@example.org;1;A;\n;Léo;pas une adresse;2;Z;admin\n")
    result = run(app, "import", str(file), "--cohort", "2026")
    assert result.exit_code == 1
    for words in (
        "« Nom » : case vide",
        "pas une adresse e-mail",
        "seuls des étudiants",
        "groupe inconnu",
        "Rien n'a été importé",
    ):
        assert words in result.output
    assert people_count(doors) == 0


def test_the_encoding_may_be_imposed(app: Flask, promo: None, file: Path) -> None:
    file.write_bytes((HEADER + "Nuñez;Zoë;zoe@example.org;1;A;\n").encode("mac-roman"))
    result = run(app, "import", str(file), "--cohort", "2026", "--encoding", "mac-roman", "--dry-run")
    assert "« Nuñez »" in result.output


def test_an_unknown_cohort_is_said(app: Flask, file: Path) -> None:
    file.write_text(HEADER)
    result = run(app, "import", str(file), "--cohort", "2026")
    assert (result.exit_code, "n'existe pas" in result.output) == (1, True)


def test_an_account_is_made_with_its_place_and_password(app: Flask, promo: None, doors: Doors) -> None:
    made = run(
        app,
        "create",
        *NEW,
        "--role",
        "student",
        "--cohort",
        "2026",
        "--group",
        "A",
        "--password-stdin",
        stdin="un chat bleu sur le toit\n",
    )
    assert made.exit_code == 0, made.output
    client = app.test_client()
    token = client.get("/connexion", headers={"Accept": "application/json"}).json["csrf_token"]
    data = {"email": "lea@example.org", "password": "un chat bleu sur le toit", "csrf_token": token}
    assert client.post("/connexion", data=data).location == "/aujourdhui"


def test_a_tutor_follows_a_group_and_is_invited(app: Flask, promo: None, doors: Doors) -> None:
    made = run(app, "create", *NEW, "--role", "tutor", "--cohort", "2026", "--group", "A", "--invite")
    assert made.exit_code == 0, made.output
    with doors.writing() as session:
        assert session.scalars(select(func.count()).select_from(Tutoring)).one() == 1
        assert session.scalars(select(OutboxMessage.kind)).all() == ["invitation"]


@pytest.mark.parametrize(
    ("arguments", "stdin", "words"),
    [
        (("--role", "student", "--password-stdin"), "motdepasse12345\n", "premiers que l'on essaie"),
        (("--role", "student", "--password-stdin"), "", "moins de 15"),
        (("--role", "student", "--cohort", "inconnue"), None, "n'existe pas"),
        (("--role", "manager", "--cohort", "2026"), None, "Ce rôle ne convient pas"),
        (("--role", "student", "--cohort", "2026", "--group", "a"), None, "Groupe « a » inconnu ; connus : A"),
        (("--role", "tutor", "--cohort", "2026", "--group", "A2"), None, "Groupe « A2 » inconnu"),
        (("--role", "tutor", "--group", "A"), None, "--group demande --cohort"),
        (("--role", "student", "--family-name", " "), None, "nécessaires"),
        (("--role", "student", "--email", "x"), None, "n'en est pas une"),
    ],
)
def test_what_cannot_be_made_is_said_and_nothing_is(
    app: Flask, promo: None, doors: Doors, arguments: tuple[str, ...], stdin: str | None, words: str
) -> None:
    result = run(app, "create", *NEW, *arguments, stdin=stdin)
    assert result.exit_code == 1
    assert words in result.output
    assert people_count(doors) == 0


def test_time_is_granted(app: Flask, promo: None, doors: Doors) -> None:
    run(app, "create", *NEW, "--role", "student", "--cohort", "2026")
    result = run(app, "accommodate", "LEA@example.org", "--multiplier", "4/3", "--extra-minutes", "10")
    assert "échéances déplacées : 0" in result.output
    with doors.writing() as session:
        granted = session.scalars(select(Accommodation)).one()
        assert (granted.time_multiplier, granted.extra_minutes) == (Fraction(4, 3), 10)
    assert "de 1 à 4" in run(app, "accommodate", "lea@example.org", "--multiplier", "beaucoup").output
    assert "Aucun étudiant" in run(app, "accommodate", "inconnue@example.org").output


def test_every_code_has_its_words() -> None:
    sources = "".join((ROOT / "deust" / name).read_text() for name in CODES_IN)
    assert set(ACTIONS) == set(Action)
    assert {word for word in PROBLEMS if f'"{word}"' not in sources} == set()
    assert {word for word in REASONS if f'"{word}"' not in sources} == set()
    assert set(FIELDS) >= {"email", "group", "cohort"}


CODES_IN = (
    "exchange/people.py",
    "exchange/csv_text.py",
    "services/people_import.py",
    "services/people.py",
    "domain/signin.py",
)
