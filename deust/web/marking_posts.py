"""How the marking form names things: a whole work and its recording, as the services take them, and what lacks."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import Response, jsonify, request, url_for

from deust.domain.copies import MOST_COMMENT, MOST_REMARK, MOST_REMARKS, Anchor, Reckoned, Remark, Work
from deust.domain.errors import FileRefused, NotReady
from deust.domain.files import VOICE, accepted_type
from deust.models.transaction import Session, reading
from deust.queries.marking import copy_page
from deust.queries.spoken_comments import ensure_may_speak
from deust.services.comment_uploads import give_comment
from deust.services.grading import CONFLICT, SavedWork
from deust.services.uploads import Whole
from deust.web import errors, formats
from deust.web.addresses import number_of
from deust.web.answer_posts import unread_words
from deust.web.current import tools, visitor
from deust.web.i18n import gettext as _
from deust.web.i18n import lazy_gettext as lazy
from deust.web.i18n import ngettext
from deust.web.upload_posts import unless_kept

DROP, TAKE = "voice-drop", "voice-take-"
"""The buttons that remove the spoken comment, or take back one that was set aside."""

MINE, THEIRS = "mine", "theirs"
"""The buttons that choose between two versions that met."""

CLOSED = errors.Words(
    title=lazy("L’activité est fermée pour cet étudiant."),
    happened=lazy("Il ne pourrait pas commencer une nouvelle version."),
    kept=lazy("Rien n’a changé."),
    todo=lazy("Prolongez d’abord sa date, depuis son parcours, puis proposez la nouvelle version."),
)

_LONGEST_FIELD = 200
_LONGEST_CODE = 40
_MOST_START = 1_000_000
_MOST_DIGITS = 8


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
        comment=_written("comment", MOST_COMMENT),
        private_note=_written("private_note", MOST_COMMENT),
        remarks=tuple(remarks[:MOST_REMARKS]),
    )


def work_fields(work: Work) -> Iterable[tuple[str, object]]:
    """The fields that post a whole work again, as `posted_work` and `spoken_asked` read them."""
    yield from ((f"level-{name}", level) for name, level in work.chosen.items())
    yield from ((f"points-{key}", points) for key, points in work.points.items())
    for name in ("adjustment", "adjustment_reason", "comment", "private_note", "spoken"):
        yield name, getattr(work, name)
    for remark in work.remarks:
        yield "remark", remark.id
        for name in ("part", "anchor", "text", "start", "end", "quote", "criterion"):
            yield f"remark-{remark.id}-{name}", getattr(remark, name)


def is_still_the_other(public_id: str) -> bool:
    """Whether the other version is still the one that was shown: then to take it changes nothing."""
    with reading() as connection:
        page = copy_page(connection, marker=visitor(), public_id=public_id, now=tools().clock())
    return page.version == (number_of(request.form.get("version")) or 0)


def missing_words(reckoned: Reckoned) -> str:
    """What lacks before the copy is ready, in a few sentences; nothing when nothing does.

    Criteria are named by their codes, and only counted when they are those of several grids, which may share codes.
    """
    several = len({key for key, _criterion in reckoned.to_rate}) > 1
    left = [", ".join(criterion for _key, criterion in reckoned.to_rate)] if reckoned.to_rate else []
    if several:
        left = [ngettext("%(num)s critère", "%(num)s critères", len(reckoned.to_rate))]
    if reckoned.to_mark:
        left.append(ngettext("%(num)s réponse", "%(num)s réponses", len(reckoned.to_mark)))
    said = [_("Reste à noter : %(left)s.", left=", ".join(left))] if left else []
    if misread := len(reckoned.misread):
        said.append(
            ngettext(
                "%(num)s nombre de points ne se lit pas, ou dépasse le maximum.",
                "%(num)s nombres de points ne se lisent pas, ou dépassent le maximum.",
                misread,
            )
        )
    words = {
        "applicable": _("Un critère au moins doit s’appliquer."),
        "comment": _("L’appréciation manque."),
        "reason": _("L’ajustement demande un motif."),
        "adjustment": _("L’ajustement n’est pas un nombre."),
    }
    return " ".join([*said, *(words[one] for one in reckoned.lacks)])


def _written(name: str, most: int) -> str:
    """The text of a field, as long as the page let it be: browsers send the end of a line as two signs."""
    return request.form.get(name, "").replace("\r\n", "\n")[:most]


@dataclass(frozen=True, kw_only=True)
class PostedRecording:
    """The recording that a form holds, already stored; or none, and why, in a sentence, when it is refused."""

    file: Whole = None
    name: str = ""
    problem: str = ""


@contextmanager
def posted_recording(public_id: str) -> Iterator[PostedRecording]:
    """The recording of the marking form; a post that is refused leaves none behind. The rest of the form is kept."""
    upload = request.files.get("voice")
    if upload is None or not upload.filename:
        yield PostedRecording()
        return
    try:
        with reading() as connection:
            most = ensure_may_speak(connection, marker=visitor(), public_id=public_id)
        file = tools().files.put(upload.stream, max_bytes=most)  # type: ignore[arg-type]
        with unless_kept([file.id]):
            accepted_type(upload.filename, file.head, VOICE)
    except FileRefused as refusal:
        yield PostedRecording(problem=unread_words(refusal))
        return
    with unless_kept([file.id]):
        yield PostedRecording(file=file, name=upload.filename)


def spoken_asked(session: Session, public_id: str, go: str, given: PostedRecording, now: datetime) -> str | None:
    """What becomes of the spoken comment: another one, none, or, as for most saves, the present one."""
    if given.file is not None:
        return give_comment(session, marker=visitor(), public_id=public_id, file=given.file, name=given.name, now=now)
    if go in (MINE, THEIRS):
        return request.form.get("spoken", "")[:40]
    if go == DROP:
        return ""
    return go.removeprefix(TAKE)[:40] if go.startswith(TAKE) else None


def told_to_script(saved: SavedWork, public_id: str) -> Response | tuple[Response, int]:
    """What became of a save, for the script of the marking page."""
    mark = saved.reckoned.mark
    body: dict[str, Any] = {
        "outcome": saved.outcome,
        "version": saved.version,
        "ready": saved.is_ready,
        "mark": formats.number(mark.adjusted) if mark else "",
        "lacking": missing_words(saved.reckoned),
        "missing": saved.reckoned.missing,
        "misread": saved.reckoned.misread,
        "saved": _("Enregistré à %(time)s", time=formats.clock(saved.at)),
        "page": url_for("grading.copy", public_id=public_id),
    }
    return (jsonify(body), 409) if saved.outcome == CONFLICT else jsonify(body)


def _posted_remark(id_: str) -> Remark:
    form = request.form
    anchor = form.get(f"remark-{id_}-anchor", "passage")
    return Remark(
        id=id_[:16],
        part=form.get(f"remark-{id_}-part", "")[:20],
        anchor=Anchor(anchor) if anchor in set(Anchor) else Anchor.PASSAGE,
        text=_written(f"remark-{id_}-text", MOST_REMARK),
        start=_whole(form.get(f"remark-{id_}-start")),
        end=_whole(form.get(f"remark-{id_}-end")),
        quote=form.get(f"remark-{id_}-quote", "")[:_LONGEST_FIELD],
        criterion=form.get(f"remark-{id_}-criterion", "")[:_LONGEST_CODE],
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
        text=_written("new-text", MOST_REMARK).strip(),
        criterion=form.get("new-criterion", "")[:_LONGEST_CODE],
    )
    at = form.get("new-at", "").strip()
    if kind is not Anchor.PASSAGE:
        return replace(remark, start=_seconds(at) if kind is Anchor.SECOND else _whole(at))
    with reading() as connection:
        page = copy_page(connection, marker=visitor(), public_id=public_id, now=tools().clock())
    text = next((one.text for one in page.parts if one.key == part), "")
    found = _passage(text, at, _whole(form.get("new-start")))
    if found is None:
        return replace(remark, quote=at[:_LONGEST_FIELD])
    return replace(remark, start=found.start(), end=found.end(), quote=found[0][:_LONGEST_FIELD])


def _passage(text: str, words: str, start: int) -> re.Match[str] | None:
    """Where these words stand, at the place told or else first; a field of one line lost the ends of theirs.

    Words typed by hand may have other capitals, spaces and apostrophes than the text.
    """
    if not words:
        return None
    written = re.compile(r"\n*".join(map(re.escape, words)))
    typed = re.compile(r"\s*".join(map(_typed, "".join(words.split()))), re.IGNORECASE)
    return written.match(text, start) or written.search(text) or typed.search(text)


def _typed(sign: str) -> str:
    return "['’]" if sign in "'’" else re.escape(sign)


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


def _whole(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < _MOST_DIGITS and int(text) < _MOST_START else 0


def _seconds(text: str) -> int:
    """« 1:05 », « 1 min 05 » or « 65 » are all 65 seconds."""
    parts = text.replace("min", ":").replace("s", "").replace(" ", "").split(":")
    numbers = [int(part[:_MOST_DIGITS]) for part in parts if part.isdecimal()]
    return min(sum(value * 60**place for place, value in enumerate(reversed(numbers[-2:]))), _MOST_START)


def not_ready_words(refusal: NotReady) -> str:
    """Why marks were not given back."""
    if refusal.missing == ("reason",):
        return _("Une note déjà rendue change avec un motif, que l’étudiant lira : écrivez-le.")
    return _("Rien n’a été rendu : des copies ne sont plus prêtes (%(codes)s).", codes=", ".join(refusal.missing))
