"""How the paper's form names things: what a page or its script posted, as the service takes it."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

from flask import Response, jsonify, request
from markupsafe import Markup

from deust.domain.attempts import Save, SaveOutcome, remaining_seconds
from deust.domain.errors import AnswerRefused, AnswerTo, InvalidAnswer, Refusal, Unavailable
from deust.domain.presenting import Piece
from deust.models.transaction import reading, writing
from deust.queries import quizzes as pages
from deust.services.answer_batches import Posted
from deust.services.answers import Acknowledged, file_limit
from deust.web import formats
from deust.web.current import tools, visitor, wants_json
from deust.web.i18n import current_locale
from deust.web.i18n import gettext as _
from deust.web.i18n import lazy_gettext as lazy

Form = Mapping[str, Sequence[str]]
"""What a page posted: the values of each field, in their order."""

_UNREAD = {
    "empty": lazy("Ce fichier est vide. Vérifiez-le, puis envoyez-le à nouveau."),
    "size": lazy("Ce fichier est plus lourd que la taille acceptée. Réduisez-le, puis envoyez-le à nouveau."),
    "type": lazy("Ce fichier n’est pas d’un format accepté. Choisissez-en un de la liste, puis envoyez-le."),
    "count": lazy("Trop de fichiers déjà envoyés ici. Attendez la fin des envois en cours, ou écrivez à votre tuteur."),
    "quota": lazy("Vos fichiers occupent toute la place prévue. Rien n’a été effacé : écrivez à votre tuteur."),
    "part": lazy("Ce morceau de fichier ne peut pas être lu. Choisissez à nouveau le fichier, l’envoi reprendra."),
    "changed": lazy("Le fichier a changé pendant l’envoi. Choisissez-le à nouveau : l’envoi repart du début."),
    "place-twice": lazy("Deux éléments ont la même place : donnez une place différente à chacun."),
    "event-used": lazy(
        "Cet envoi en répète un autre : il n’est pas enregistré. Modifiez votre réponse, elle repartira."
    ),
    "too-long": lazy("Ce texte est trop long : 100 000 caractères au plus. Raccourcissez-le, puis recommencez."),
}

LONGEST_ID = 64
MOST = 2**31 - 1
"""The largest whole number that the tables hold."""


@contextmanager
def posted_answers(public_id: str) -> Iterator[Sequence[Posted]]:
    """One entry for each question that the form holds; a post that is refused leaves none of its files behind."""
    posted: list[Posted] = []
    try:
        form, by_script = posted_form(), wants_json()
        for key in dict.fromkeys(form.get("question", ())):
            with AnswerTo(key):
                posted.append(_posted(public_id, key, form, by_script=by_script))
        yield posted
    except Refusal as refusal:
        if not isinstance(refusal, Unavailable):
            forget_files(answer.file.id for answer in posted if answer.file is not None)
        raise


OWN_MISTAKES = {"place-twice", "too-long"}
"""What a person can put right on the page; any other refusal comes from a form that is not ours."""


def forget_files(ids: Iterable[str]) -> None:
    """Remove stored files that no row names."""
    for file_id in ids:
        tools().files.remove(file_id)


def unread_words(refusal: AnswerRefused) -> str:
    """Why an answer cannot be taken, in a sentence."""
    return str(_UNREAD.get(refusal.reason, _("Cette réponse ne peut pas être lue. Corrigez-la, puis recommencez.")))


def posted_form() -> Form:
    return request.form.to_dict(flat=False)


def own_fields(key: str, form: Form) -> Form:
    """The answer fields of one question, without its prefix."""
    start, own = f"{key}-answer", len(key) + 1
    return {name[own:]: values for name, values in form.items() if name.startswith(start)}


def _posted(public_id: str, key: str, form: Form, *, by_script: bool) -> Posted:
    event = _first(form, "event")
    save = Save(
        event_id=event_id(event, key) if by_script else secrets.token_hex(16),
        client=(_first(form, "client") or f"page-{event}")[:LONGEST_ID],
        sequence=_number(form, "sequence", 1),
        base_version=_number(form, f"{key}-base", 0),
        given=None,
        clears=_first(form, "clear") == key,
    )
    upload = next(iter(request.files.getlist(f"{key}-answer")), None)
    if upload is None or not upload.filename:
        fields = {} if save.clears else own_fields(key, form)
        return Posted(key=key, save=save, form=fields, only_changes=not by_script)
    with writing() as session:
        limit = file_limit(session, learner=visitor(), public_id=public_id, key=key)
    stored = tools().files.put(upload.stream, max_bytes=limit)  # type: ignore[arg-type]
    return Posted(key=key, save=save, form={}, file=stored, name=upload.filename, only_changes=not by_script)


def event_name(event: str, key: str) -> str:
    return f"{event}:{key}"


def event_id(event: str, key: str) -> str:
    """What a script's save of one question is known again by. Refuses none, and one too long: cut, two would be one,
    and the second would be acknowledged without being kept.
    """
    name = event_name(event, key)
    if not event or len(name) > LONGEST_ID:
        raise InvalidAnswer("event")
    return name


def _first(form: Form, name: str) -> str:
    return next(iter(form.get(name, ())), "")


def _number(form: Form, name: str, default: int) -> int:
    """The whole number of a field; what is none is taken for the default."""
    try:
        number = int(_first(form, name))
    except ValueError:
        return default
    if not 0 <= number <= MOST:
        raise InvalidAnswer("number")
    return number


def acknowledge(public_id: str, kept: Acknowledged, now: datetime, **more: object) -> Response:
    """What a script is told once the commit is durable: what counts now, and the server's time."""
    conflicts = {one.key: one for one in compared_now(public_id, kept)}
    saved = formats.clock_in(now, visitor().time_zone, current_locale())
    answers = {
        key: {"outcome": one.outcome.value, "version": one.current.version, "saved": saved}
        for key, one in kept.answers.items()
    }
    for key, one in conflicts.items():
        answers[key] |= {"theirs": _plain(one.theirs), "fields": one.fields}
    return jsonify({"answers": answers, **clock_state(remaining_seconds(kept.deadline_at, now), kept.is_over), **more})


def _plain(pieces: Iterable[Piece]) -> str:
    """Answers already escaped or sanitised, as text for a script to show as text."""
    return "\n".join(Markup(f"{piece.label} {piece.html}").striptags() for piece in pieces)  # noqa: S704


def compared_now(public_id: str, kept: Acknowledged) -> tuple[pages.Compared, ...]:
    """The answers of a post that met others, each beside the one that counts now."""
    pairs = {
        key: (one.given, one.current.given) for key, one in kept.answers.items() if one.outcome is SaveOutcome.CONFLICT
    }
    if not pairs:
        return ()
    with reading() as connection:
        return pages.compared(
            connection,
            learner=visitor(),
            public_id=public_id,
            pairs=pairs,
            versions={key: kept.answers[key].current.version for key in pairs},
        )


def clock_state(seconds_left: int | None, is_over: bool) -> dict[str, object]:
    """The server's time for a running attempt, as scripts read it."""
    return {"seconds_left": seconds_left, "is_over": is_over}
