"""Files that come part by part, from the script of a page; without it the form posts them whole."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, request, url_for

from deust.domain.access import Permission
from deust.domain.attempts import Save
from deust.domain.errors import FileRefused, InvalidAnswer, OffsetMismatch
from deust.domain.uploads import MOST_PART, CountedBy
from deust.models.transaction import writing
from deust.services import uploads as services
from deust.web import formats
from deust.web.answer_posts import LONGEST_ID, acknowledge, event_id, forget_files
from deust.web.current import permission, tools, visitor
from deust.web.i18n import current_locale
from deust.web.upload_posts import (
    announced,
    answered,
    asked_fields,
    begun_at,
    elsewhere,
    hash_in,
    number_in,
    own_upload_now,
    refused,
    text_in,
    unless_kept,
    whole_file,
)

bp = Blueprint("uploads", __name__)
bp.register_error_handler(FileRefused, refused)
bp.register_error_handler(InvalidAnswer, refused)
bp.register_error_handler(OffsetMismatch, elsewhere)


@bp.post("/essais/<public_id>/depots")
@permission(Permission.QUIZ_ANSWER)
def begin_upload(public_id: str) -> Response:
    """Begin a file, or find it again where it was cut; what could not be kept whole is refused now, with the reason."""
    file = announced(asked_fields())
    with writing() as session:
        begun = services.begin_upload(session, learner=visitor(), public_id=public_id, file=file, now=tools().clock())
    return begun_at(begun, url_for(".finish_upload", public_id=begun.public_id))


@bp.get("/depots/<public_id>")
@permission(Permission.UPLOAD_SEND)
def upload_state(public_id: str) -> Response:
    """Where a file on its way is: another tab, or another day, goes on from there."""
    upload = own_upload_now(public_id)
    return answered({"offset": upload.received, "size": upload.size, "name": upload.name, "state": upload.state})


@bp.patch("/depots/<public_id>")
@permission(Permission.UPLOAD_SEND)
def add_part(public_id: str) -> Response:
    """The part that begins at `Upload-Offset`, acknowledged once it is durable; 409 says where to go on."""
    upload, offset = own_upload_now(public_id), request.headers.get("Upload-Offset", -1, type=int)
    if offset != upload.received or not upload.is_open:
        raise OffsetMismatch(upload.received if upload.is_open else upload.size)
    part = tools().files.put(request.stream, max_bytes=MOST_PART)  # type: ignore[arg-type]
    with unless_kept([part.id]), writing() as session:
        received = services.add_part(
            session, sender=visitor(), upload_id=public_id, offset=offset, part=part, now=tools().clock()
        )
    return answered({"offset": received})


@bp.post("/depots/<public_id>/fin")
@permission(Permission.QUIZ_ANSWER)
def finish_upload(public_id: str) -> Response:
    """Give the whole file as the answer; acknowledged once the file and its answer are durable, together."""
    asked, upload, now = asked_fields(), own_upload_now(public_id), tools().clock()
    save = _save(asked, upload.key)
    with whole_file(upload, hash_in(asked, "sha256")) as file, writing() as session:
        done = services.finish_upload(session, learner=visitor(), upload_id=public_id, file=file, save=save, now=now)
    forget_files(done.unneeded)
    begun = formats.clock_in(done.started_at, visitor().time_zone, current_locale())
    by_start = begun if done.counted_by is CountedBy.START else None
    return acknowledge(upload.attempt, done.acknowledged, now, by_start=by_start)


def _save(asked: Mapping[str, object], key: str) -> Save:
    if not text_in(asked, "client"):
        raise InvalidAnswer("client")
    return Save(
        event_id=event_id(text_in(asked, "event"), key),
        client=text_in(asked, "client")[:LONGEST_ID],
        sequence=number_in(asked, "sequence"),
        base_version=number_in(asked, "base"),
        given=None,
    )
