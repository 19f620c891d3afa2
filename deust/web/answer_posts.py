"""How the paper's form names things: what a page or its script posted, as the service takes it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from flask import request

from deust.domain.attempts import Save
from deust.domain.errors import InvalidAnswer, Refusal, Unavailable
from deust.models.transaction import writing
from deust.services.answers import Posted, file_limit
from deust.web.current import tools, visitor, wants_json

_LONGEST_ID = 64
_MOST = 2**31 - 1
"""The largest whole number that the tables hold."""


@contextmanager
def posted_answers(public_id: str) -> Iterator[Sequence[Posted]]:
    """One entry for each question that the form holds; a post that is refused leaves none of its files behind."""
    posted: list[Posted] = []
    try:
        for key in dict.fromkeys(request.form.getlist("question")):
            posted.append(_posted(public_id, key))
        yield posted
    except Refusal as refusal:
        if not isinstance(refusal, Unavailable):
            _forget_files(posted)
        raise


def _forget_files(posted: Sequence[Posted]) -> None:
    for answer in posted:
        if answer.file is not None:
            tools().files.remove(answer.file.id)


def own_fields(key: str) -> Mapping[str, Sequence[str]]:
    """The answer fields of one question, without its prefix."""
    prefix = f"{key}-"
    return {
        name.removeprefix(prefix): values for name, values in request.form.lists() if name.startswith(f"{prefix}answer")
    }


def _posted(public_id: str, key: str) -> Posted:
    by_script = wants_json()
    fields = request.form
    save = Save(
        event_id=f"{fields.get('event', '')}:{key}"[:_LONGEST_ID] if by_script else secrets.token_hex(16),
        client=(fields.get("client") or f"page-{fields.get('event', '')}")[:_LONGEST_ID],
        sequence=_number("sequence", 1),
        base_version=_number(f"{key}-base", 0),
        given=None,
        clears=fields.get("clear") == key,
    )
    upload = request.files.get(f"{key}-answer")
    if upload is None or not upload.filename:
        return Posted(key=key, save=save, form={} if save.clears else own_fields(key), only_changes=not by_script)
    with writing() as session:
        limit = file_limit(session, learner=visitor(), public_id=public_id, key=key)
    stored = tools().files.put(upload.stream, max_bytes=limit)  # type: ignore[arg-type]
    return Posted(key=key, save=save, form={}, file=stored, name=upload.filename, only_changes=not by_script)


def _number(name: str, default: int) -> int:
    number = request.form.get(name, default, type=int)
    if not 0 <= number <= _MOST:
        raise InvalidAnswer("number")
    return number
