"""Receipts that anyone can verify, and the pages that say what this site is and keeps."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, current_app, render_template, request
from flask.typing import ResponseReturnValue

from deust.domain.access import Permission, may
from deust.domain.errors import NotFound, UnknownReceipt
from deust.domain.records import read_code
from deust.models.transaction import reading
from deust.queries.public_home import OpenModuleCard, open_module_cards
from deust.queries.records import HeldTable, find_receipt, held_tables, works_of
from deust.web.current import own_programme, permission, visitor, visitor_or_none
from deust.web.i18n import current_locale
from deust.web.privacy_words import FRENCH, TITLES

bp = Blueprint("records", __name__)


@dataclass(frozen=True, kw_only=True)
class Held:
    """A kind of data, in the reader's words."""

    title: str
    purpose: str
    keep: str
    erase: str
    is_exported: bool


@bp.get("/recus/<code>")
@permission(Permission.PUBLIC)
def receipt(code: str) -> ResponseReturnValue:
    read = read_code(code)
    with reading() as connection:
        found = find_receipt(connection, code=read) if read else None
    if found is None:
        raise UnknownReceipt
    return render_template("records/receipt.html", receipt=found)


@bp.get("/resultats")
@permission(Permission.QUIZ_ANSWER)
def works() -> ResponseReturnValue:
    """What a student finished: their results and receipts stay theirs when they leave the training."""
    page = min(max(1, request.args.get("page", 1, type=int)), 1_000)
    with reading() as connection:
        found, has_more = works_of(connection, person_id=visitor().person_id, page=page)
    return render_template("records/works.html", works=found, page=page, has_more=has_more)


@bp.get("/accessibilite")
@permission(Permission.PUBLIC)
def accessibility() -> ResponseReturnValue:
    return render_template("records/accessibility.html")


@bp.get("/vos-donnees")
@permission(Permission.PUBLIC)
def privacy() -> ResponseReturnValue:
    declared = {table.table: table for table in held_tables()}
    held = [_held(declared[name]) for name in TITLES]
    return render_template("records/privacy.html", held=held)


@bp.get("/mentions-legales")
@permission(Permission.PUBLIC)
def legal_notice() -> ResponseReturnValue:
    return render_template("records/legal_notice.html", is_demo=not current_app.config["DEUST"].is_production)


@bp.get("/plan-du-site")
@permission(Permission.PUBLIC)
def site_map() -> ResponseReturnValue:
    person = visitor_or_none()
    role = person.role if person else None
    return render_template(
        "records/site_map.html",
        open_modules=_open_modules(),
        may_read=may(role, Permission.LEARNING_READ),
        may_arrange=may(role, Permission.PEOPLE_ARRANGE),
        may_inspect=may(role, Permission.COURSES_INSPECT),
    )


def _open_modules() -> tuple[OpenModuleCard, ...]:
    """None while nothing is published."""
    try:
        return open_module_cards(own_programme())
    except NotFound:
        return ()


def _held(table: HeldTable) -> Held:
    declared = table.privacy
    if current_locale() == "fr":
        title, words = TITLES[table.table], FRENCH
    else:
        title, words = table.table.replace("_", " ").capitalize(), {}
    return Held(
        title=title,
        purpose=words.get(declared.purpose, declared.purpose),
        keep=words.get(declared.keep, declared.keep),
        erase=words.get(declared.erase, declared.erase),
        is_exported=declared.export,
    )
