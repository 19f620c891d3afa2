"""How the marking form names things: a marker's whole work, as the service takes it."""

from __future__ import annotations

import secrets
from dataclasses import replace

from flask import request

from deust.domain.copies import MOST_COMMENT, MOST_REMARK, MOST_REMARKS, Anchor, Remark, Work
from deust.models.transaction import reading
from deust.queries.marking import copy_page
from deust.web.current import tools, visitor

_LONGEST_FIELD = 200
_MOST_START = 1_000_000


def posted_work(public_id: str) -> Work:
    """The whole of what a marker's form holds. The new remark, if one is typed, comes after the others."""
    form = request.form
    remarks = [_posted_remark(one) for one in form.getlist("remark") if form.get(f"remark-{one}-drop") != "1"]
    if form.get("new-text", "").strip():
        remarks.append(_new_remark(public_id))
    return Work(
        chosen={name[6:]: value for name, value in form.items() if name.startswith("level-") and value},
        points={name[7:]: value[:20] for name, value in form.items() if name.startswith("points-")},
        adjustment=form.get("adjustment", "")[:20],
        adjustment_reason=form.get("adjustment_reason", "")[:500],
        comment=form.get("comment", "")[:MOST_COMMENT],
        private_note=form.get("private_note", "")[:MOST_COMMENT],
        remarks=tuple(remarks[:MOST_REMARKS]),
    )


def _posted_remark(id_: str) -> Remark:
    form = request.form
    anchor = form.get(f"remark-{id_}-anchor", "passage")
    return Remark(
        id=id_[:16],
        part=form.get(f"remark-{id_}-part", "")[:20],
        anchor=Anchor(anchor) if anchor in set(Anchor) else Anchor.PASSAGE,
        text=form.get(f"remark-{id_}-text", "")[:MOST_REMARK],
        start=_whole(form.get(f"remark-{id_}-start")),
        end=_whole(form.get(f"remark-{id_}-end")),
        quote=form.get(f"remark-{id_}-quote", "")[:_LONGEST_FIELD],
        criterion=form.get(f"remark-{id_}-criterion", "")[:20],
    )


def _new_remark(public_id: str) -> Remark:
    """A remark typed in the page: at a passage found by its words, at a page or at a second."""
    form = request.form
    part, _dash, anchor = form.get("new-place", "").partition("|")
    kind = Anchor(anchor) if anchor in set(Anchor) else Anchor.PASSAGE
    remark = Remark(
        id=secrets.token_hex(4),
        part=part[:20],
        anchor=kind,
        text=form.get("new-text", "").strip()[:MOST_REMARK],
        criterion=form.get("new-criterion", "")[:20],
    )
    at = form.get("new-at", "").strip()
    if kind is not Anchor.PASSAGE:
        return replace(remark, start=_seconds(at) if kind is Anchor.SECOND else _whole(at))
    with reading() as connection:
        page = copy_page(connection, marker=visitor(), public_id=public_id, now=tools().clock())
    text = next((one.text for one in page.parts if one.key == part), "")
    start = _whole(form.get("new-start"), -1)
    if start < 0 or text[start : start + len(at)] != at:
        start = text.find(at) if at else -1
    return replace(remark, start=start, end=start + len(at), quote=at[:_LONGEST_FIELD]) if start >= 0 else remark


def page_asked(asked: str) -> tuple[str, int] | None:
    """The part and the page that a button names, as « page-abc-3 »."""
    kind, _dash, place = asked.partition("-")
    key, _dash, number = place.rpartition("-")
    return (key[:20], _whole(number)) if kind == "page" and _whole(number) else None


def page_remarked() -> tuple[str, int] | None:
    """The part and the page that the new remark is about, if it is one about a page."""
    form = request.form
    key, _dash, anchor = form.get("new-place", "").partition("|")
    number = _whole(form.get("new-at", "").strip())
    return (key[:20], number) if anchor == Anchor.PAGE and number and form.get("new-text", "").strip() else None


def _whole(text: str | None, default: int = 0) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 8 and int(text) < _MOST_START else default


def _seconds(text: str) -> int:
    """« 1:05 », « 1 min 05 » or « 65 » are all 65 seconds."""
    numbers = [
        int(part) for part in text.replace("min", ":").replace("s", "").replace(" ", "").split(":") if part.isdecimal()
    ]
    return min(sum(value * 60**place for place, value in enumerate(reversed(numbers[-2:]))), _MOST_START)
