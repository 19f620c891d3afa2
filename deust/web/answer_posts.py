"""How the paper's form names things: what a page or its script posted, as the service takes it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from flask import request
from werkzeug.datastructures import ImmutableMultiDict

from deust.domain.attempts import Save
from deust.domain.errors import InvalidAnswer, Refusal, Unavailable
from deust.models.transaction import writing
from deust.services.answers import Posted, file_limit
from deust.web.current import tools, visitor, wants_json

Form = ImmutableMultiDict[str, str]

_LONGEST_ID = 64
_MOST = 2**31 - 1
"""The largest whole number that the tables hold."""


@contextmanager
def posted_answers(public_id: str) -> Iterator[Sequence[Posted]]:
    """One entry for each question that the form holds; a post that is refused leaves none of its files behind."""
    posted: list[Posted] = []
    try:
        form, by_script = request.form, wants_json()
        for key in dict.fromkeys(form.getlist("question")):
            posted.append(_posted(public_id, key, form, by_script=by_script))
        yield posted
    except Refusal as refusal:
        if not isinstance(refusal, Unavailable):
            _forget_files(posted)
        raise


def _forget_files(posted: Sequence[Posted]) -> None:
    for answer in posted:
        if answer.file is not None:
            tools().files.remove(answer.file.id)


def own_fields(key: str, form: Form) -> Mapping[str, Sequence[str]]:
    """The answer fields of one question, without its prefix."""
    prefix = f"{key}-"
    start = f"{prefix}answer"
    return {name.removeprefix(prefix): form.getlist(name) for name in form if name.startswith(start)}


def _posted(public_id: str, key: str, form: Form, *, by_script: bool) -> Posted:
    event = form.get("event", "")
    save = Save(
        event_id=f"{event}:{key}"[:_LONGEST_ID] if by_script else secrets.token_hex(16),
        client=(form.get("client") or f"page-{event}")[:_LONGEST_ID],
        sequence=_number(form, "sequence", 1),
        base_version=_number(form, f"{key}-base", 0),
        given=None,
        clears=form.get("clear") == key,
    )
    upload = request.files.get(f"{key}-answer")
    if upload is None or not upload.filename:
        fields = {} if save.clears else own_fields(key, form)
        return Posted(key=key, save=save, form=fields, only_changes=not by_script)
    with writing() as session:
        limit = file_limit(session, learner=visitor(), public_id=public_id, key=key)
    stored = tools().files.put(upload.stream, max_bytes=limit)  # type: ignore[arg-type]
    return Posted(key=key, save=save, form={}, file=stored, name=upload.filename, only_changes=not by_script)


def _number(form: Form, name: str, default: int) -> int:
    number = form.get(name, default, type=int)
    if not 0 <= number <= _MOST:
        raise InvalidAnswer("number")
    return number
