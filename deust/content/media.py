"""Pictures, sound, video and attached files of a module: their types, and what is known of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

IMAGES = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp", "gif": "image/gif",
          "avif": "image/avif", "svg": "image/svg+xml"}  # fmt: skip
SOUNDS = {"mp3": "audio/mpeg", "m4a": "audio/mp4", "ogg": "audio/ogg", "opus": "audio/ogg", "wav": "audio/wav"}
VIDEOS = {"mp4": "video/mp4", "webm": "video/webm"}
CAPTIONS = {"vtt": "text/vtt"}
ATTACHMENTS = {
    "pdf": "application/pdf",
    "csv": "text/csv",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odt": "application/vnd.oasis.opendocument.text",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}
TYPES: Mapping[str, str] = {**IMAGES, **SOUNDS, **VIDEOS, **CAPTIONS, **ATTACHMENTS}


@dataclass(frozen=True)
class Media:
    """A file of `media/`: `digest` names its content, `seconds` is read from captions.

    `drawing` is the markup of a small SVG that stands inside the page.
    """

    name: str
    digest: str
    type: str
    width: int = 0
    height: int = 0
    seconds: int = 0
    drawing: str = ""


def suffix_of(name: str) -> str:
    return name.rsplit(".", 1)[-1].lower() if "." in name else ""
