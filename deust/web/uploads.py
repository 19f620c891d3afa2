"""Files that come part by part, from the script of an attempt's page; without it the form posts them whole."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from flask import Blueprint, Response, jsonify, make_response, request, url_for

from deust.domain.access import Permission
from deust.domain.attempts import Save
from deust.domain.errors import FileRefused, InvalidAnswer, OffsetMismatch, Refusal, Unavailable
from deust.domain.uploads import LEAST_PART, MOST_PART, CountedBy
from deust.models.transaction import reading, writing
from deust.queries.uploads import OwnUpload, own_upload
from deust.services import uploads as services
from deust.web import formats
from deust.web.answer_posts import LONGEST_ID, MOST, acknowledge, forget_files, unread_words
from deust.web.current import permission, tools, visitor
from deust.web.i18n import current_locale

bp = Blueprint("uploads", __name__)

_HASH = re.compile(r"[0-9a-f]{64}|")


@bp.post("/essais/<public_id>/depots")
@permission(Permission.QUIZ_ANSWER)
def begin_upload(public_id: str) -> Response:
    """Begin a file, or find it again where it was cut; what could not be kept whole is refused now, with the reason."""
    file = _announced(_asked())
    with writing() as session:
        begun = services.begin_upload(session, learner=visitor(), public_id=public_id, file=file, now=tools().clock())
    told = {"offset": begun.received, "least": LEAST_PART, "most": MOST_PART}
    return _told({"url": url_for(".upload_state", public_id=begun.public_id), **told}, 201)


@bp.get("/depots/<public_id>")
@permission(Permission.QUIZ_ANSWER)
def upload_state(public_id: str) -> Response:
    """Where a file on its way is: another tab, or another day, goes on from there."""
    with reading() as connection:
        upload = own_upload(connection, learner=visitor(), public_id=public_id)
    return _told({"offset": upload.received, "size": upload.size, "name": upload.name, "state": upload.state})


@bp.patch("/depots/<public_id>")
@permission(Permission.QUIZ_ANSWER)
def add_part(public_id: str) -> Response:
    """The part that begins at `Upload-Offset`, acknowledged once it is durable; 409 says where to go on."""
    upload, offset = _own(public_id), request.headers.get("Upload-Offset", -1, type=int)
    if offset != upload.received or not upload.is_open:
        raise OffsetMismatch(upload.received if upload.is_open else upload.size)
    part = tools().files.put(request.stream, max_bytes=MOST_PART)  # type: ignore[arg-type]
    with _unless_kept([part.id]), writing() as session:
        received = services.add_part(
            session, learner=visitor(), upload_id=public_id, offset=offset, part=part, now=tools().clock()
        )
    return _told({"offset": received})


@bp.post("/depots/<public_id>/fin")
@permission(Permission.QUIZ_ANSWER)
def finish_upload(public_id: str) -> Response:
    """Give the whole file as the answer; acknowledged once the file and its answer are durable, together."""
    asked, upload, now = _asked(), _own(public_id), tools().clock()
    with _whole(upload, _hash(asked, "sha256")) as file, writing() as session:
        done = services.finish_upload(
            session, learner=visitor(), upload_id=public_id, file=file, save=_save(asked, upload.key), now=now
        )
    forget_files(done.unneeded)
    begun = formats.clock_in(done.started_at, visitor().time_zone, current_locale())
    by_start = begun if done.counted_by is CountedBy.START else None
    return acknowledge(upload.attempt, done.acknowledged, now, by_start=by_start)


@bp.errorhandler(FileRefused)
@bp.errorhandler(InvalidAnswer)
def refused(refusal: FileRefused | InvalidAnswer) -> Response:
    """Why, in a sentence that the page shows beside the question."""
    return _told({"error": refusal.reason, "message": unread_words(refusal)}, 422)


@bp.errorhandler(OffsetMismatch)
def elsewhere(mismatch: OffsetMismatch) -> Response:
    """Where the file really is."""
    return _told({"error": "offset", "offset": mismatch.offset}, 409)


def _own(public_id: str) -> OwnUpload:
    with reading() as connection:
        return own_upload(connection, learner=visitor(), public_id=public_id)


@contextmanager
def _whole(upload: OwnUpload, sha256: str) -> Iterator[services.Whole]:
    """The whole file, stored from its parts; one whose content is refused is given up, and may begin again."""
    try:
        file = services.whole_file(tools().files, upload, sha256=sha256)
        with _unless_kept([file.id] if file else []):
            yield file
    except (FileRefused, InvalidAnswer):
        with writing() as session:
            services.refuse_upload(session, learner=visitor(), upload_id=upload.public_id, now=tools().clock())
        forget_files(part for part, _size in upload.parts)
        raise


@contextmanager
def _unless_kept(ids: Sequence[str]) -> Iterator[None]:
    """Remove what was stored for an act that is refused; when the database does not answer, the sweeper decides."""
    try:
        yield
    except Refusal as refusal:
        if not isinstance(refusal, Unavailable):
            forget_files(ids)
        raise


def _told(body: Mapping[str, object], status: int = 200) -> Response:
    return make_response(jsonify(body), status)


def _asked() -> Mapping[str, object]:
    asked = request.get_json(silent=True)
    return asked if isinstance(asked, dict) else {}


def _announced(asked: Mapping[str, object]) -> services.Announced:
    key = _text(asked, "question")
    return services.Announced(
        key=key,
        name=_text(asked, "name"),
        size=_number(asked, "size"),
        beginning=_hash(asked, "beginning"),
        event_id=_event_id(asked, key),
    )


def _text(asked: Mapping[str, object], name: str) -> str:
    value = asked.get(name)
    return value if isinstance(value, str) else ""


def _number(asked: Mapping[str, object], name: str) -> int:
    """A whole number, 0 for what is none; what no table holds is cut at the most."""
    value = asked.get(name)
    return min(max(value, 0), MOST) if isinstance(value, int) and not isinstance(value, bool) else 0


def _hash(asked: Mapping[str, object], name: str) -> str:
    """A SHA-256, or nothing from a browser that cannot compute one."""
    value = _text(asked, name)
    return value if _HASH.fullmatch(value) else ""


def _event_id(asked: Mapping[str, object], key: str) -> str:
    return f"{_text(asked, 'event')}:{key}"[:LONGEST_ID]


def _save(asked: Mapping[str, object], key: str) -> Save:
    if not (_text(asked, "event") and _text(asked, "client")):
        raise InvalidAnswer("event")
    return Save(
        event_id=_event_id(asked, key),
        client=_text(asked, "client")[:LONGEST_ID],
        sequence=_number(asked, "sequence"),
        base_version=_number(asked, "base"),
        given=None,
    )
