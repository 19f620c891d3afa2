"""How scripts send files part by part: what they announce, what they are answered, wherever the file goes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from flask import Response, jsonify, make_response, request, url_for

from deust.domain.errors import FileRefused, InvalidAnswer, OffsetMismatch, Refusal, Unavailable
from deust.domain.uploads import LEAST_PART, MOST_PART
from deust.models.transaction import reading, writing
from deust.queries.uploads import OwnUpload, own_upload
from deust.services import uploads as services
from deust.web.answer_posts import MOST, event_name, forget_files, unread_words
from deust.web.current import tools, visitor

_HASH = re.compile(r"[0-9a-f]{64}|")


def refused(refusal: FileRefused | InvalidAnswer) -> Response:
    """Why, in a sentence that the page shows beside the question."""
    return answered({"error": refusal.reason, "message": unread_words(refusal)}, 422)


def elsewhere(mismatch: OffsetMismatch) -> Response:
    """Where the file really is."""
    return answered({"error": "offset", "offset": mismatch.offset}, 409)


def own_upload_now(public_id: str) -> OwnUpload:
    """The visitor's own upload, as it is now."""
    with reading() as connection:
        return own_upload(connection, sender=visitor(), public_id=public_id)


def begun_at(begun: services.Begun, end: str) -> Response:
    """Where the parts go, where the file ends, and how much of it is here already."""
    url = url_for("uploads.upload_state", public_id=begun.public_id)
    told = {"offset": begun.received, "least": LEAST_PART, "most": MOST_PART}
    return answered({"url": url, "end": end, **told}, 201)


@contextmanager
def whole_file(upload: OwnUpload, sha256: str) -> Iterator[services.Whole]:
    """The whole file, stored from its parts; one whose content is refused is given up, and may begin again."""
    try:
        file = services.whole_file(tools().files, upload, sha256=sha256)
        with unless_kept([file.id] if file else []):
            yield file
    except (FileRefused, InvalidAnswer):
        with writing() as session:
            services.refuse_upload(session, sender=visitor(), upload_id=upload.public_id, now=tools().clock())
        forget_files(part for part, _size in upload.parts)
        raise


@contextmanager
def unless_kept(ids: Sequence[str]) -> Iterator[None]:
    """Remove what was stored for an act that is refused; when the database does not answer, the sweeper decides."""
    try:
        yield
    except Refusal as refusal:
        if not isinstance(refusal, Unavailable):
            forget_files(ids)
        raise


def answered(body: Mapping[str, object], status: int = 200) -> Response:
    return make_response(jsonify(body), status)


def asked_fields() -> Mapping[str, object]:
    asked = request.get_json(silent=True)
    return asked if isinstance(asked, dict) else {}


def announced(asked: Mapping[str, object]) -> services.Announced:
    key = text_in(asked, "question")
    return services.Announced(
        key=key,
        name=text_in(asked, "name"),
        size=number_in(asked, "size"),
        beginning=hash_in(asked, "beginning"),
        event_id=event_name(text_in(asked, "event"), key),
    )


def text_in(asked: Mapping[str, object], name: str) -> str:
    value = asked.get(name)
    return value if isinstance(value, str) else ""


def number_in(asked: Mapping[str, object], name: str) -> int:
    """A whole number, 0 for what is none; what no table holds is cut at the most."""
    value = asked.get(name)
    return min(max(value, 0), MOST) if isinstance(value, int) and not isinstance(value, bool) else 0


def hash_in(asked: Mapping[str, object], name: str) -> str:
    """A SHA-256, or nothing from a browser that cannot compute one."""
    value = text_in(asked, name)
    return value if _HASH.fullmatch(value) else ""
