"""Spoken comments on the marking page: sent part by part by its script, and heard again by their marker."""

from __future__ import annotations

from flask import Blueprint, Response, url_for

from deust.domain.access import Permission
from deust.domain.errors import FileRefused, InvalidAnswer, OffsetMismatch
from deust.models.transaction import reading, writing
from deust.queries.marking import copy_page
from deust.queries.spoken_comments import heard
from deust.services import comment_uploads as services
from deust.web.answer_posts import forget_files
from deust.web.current import permission, tools, visitor
from deust.web.files import send_stored
from deust.web.marking_posts import told_to_script
from deust.web.upload_posts import (
    announced,
    asked_fields,
    begun_at,
    elsewhere,
    hash_in,
    number_in,
    own_upload_now,
    refused,
    whole_file,
)

bp = Blueprint("spoken_comments", __name__)
bp.register_error_handler(FileRefused, refused)
bp.register_error_handler(InvalidAnswer, refused)
bp.register_error_handler(OffsetMismatch, elsewhere)


@bp.post("/a-corriger/<public_id>/depots")
@permission(Permission.ATTEMPT_REVIEW)
def begin_comment(public_id: str) -> Response:
    """Begin a recording, or find it again where it was cut; what could not be kept whole is refused now."""
    file = announced(asked_fields())
    with writing() as session:
        begun = services.begin_comment(session, marker=visitor(), public_id=public_id, file=file, now=tools().clock())
    return begun_at(begun, url_for(".finish_comment", public_id=public_id, key=begun.public_id))


@bp.post("/a-corriger/<public_id>/depots/<key>/fin")
@permission(Permission.ATTEMPT_REVIEW)
def finish_comment(public_id: str, key: str) -> Response | tuple[Response, int]:
    """Put the whole recording in the draft; acknowledged once both are durable, together."""
    asked, upload, now = asked_fields(), own_upload_now(key), tools().clock()
    with whole_file(upload, hash_in(asked, "sha256")) as file, writing() as session:
        given = services.finish_comment(
            session,
            marker=visitor(),
            public_id=public_id,
            upload_id=key,
            file=file,
            base_version=number_in(asked, "base"),
            now=now,
        )
    forget_files(given.unneeded)
    return told_to_script(given.saved, public_id)


@bp.get("/a-corriger/<public_id>/commentaires/<key>")
@permission(Permission.ATTEMPT_REVIEW)
def comment(public_id: str, key: str) -> Response:
    """A comment that this marker may hear: what the page of the copy plays, and nothing else."""
    with reading() as connection:
        page = copy_page(connection, marker=visitor(), public_id=public_id, now=tools().clock())
        sound = heard(connection, page.heard, key)
    return send_stored(sound)
