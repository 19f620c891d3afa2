"""Files handed in: known by their first bytes and their name together, never by what the browser says."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

from deust.domain.errors import FileRefused

MOST_NAME_CHARACTERS = 120


def _starts(*marks: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(marks)


def _is_zip(head: bytes) -> bool:
    return head.startswith(b"PK\x03\x04")


def _is_iso_media(head: bytes) -> bool:
    return head[4:8] == b"ftyp"


def _is_wave(head: bytes) -> bool:
    return head[:4] == b"RIFF" and head[8:12] == b"WAVE"


def _is_mp3(head: bytes) -> bool:
    return head.startswith(b"ID3") or (len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0)


def _is_text(head: bytes) -> bool:
    return b"\0" not in head


_KINDS: dict[str, tuple[str, Callable[[bytes], bool]]] = {
    "pdf": ("application/pdf", _starts(b"%PDF-")),
    "odt": ("application/vnd.oasis.opendocument.text", _is_zip),
    "ods": ("application/vnd.oasis.opendocument.spreadsheet", _is_zip),
    "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", _is_zip),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _is_zip),
    "csv": ("text/csv", _is_text),
    "png": ("image/png", _starts(b"\x89PNG\r\n\x1a\n")),
    "jpg": ("image/jpeg", _starts(b"\xff\xd8\xff")),
    "jpeg": ("image/jpeg", _starts(b"\xff\xd8\xff")),
    "webm": ("audio/webm", _starts(b"\x1a\x45\xdf\xa3")),
    "ogg": ("audio/ogg", _starts(b"OggS")),
    "m4a": ("audio/mp4", _is_iso_media),
    "mp4": ("audio/mp4", _is_iso_media),
    "mp3": ("audio/mpeg", _is_mp3),
    "wav": ("audio/wav", _is_wave),
}

VOICE = ("webm", "ogg", "m4a", "mp4", "mp3", "wav")
"""What browsers record, and what a telephone's recorder makes."""


def neutral_name(name: str, number: int) -> str:
    """The name of a file that says nothing of who gave it: only its place and what it is."""
    return f"fichier-{number}.{name.rsplit('.', 1)[-1].lower()}"


def has_pages(media_type: str) -> bool:
    return media_type == "application/pdf"


def is_sound(media_type: str) -> bool:
    return media_type.startswith("audio/")


MOST_VOICE_BYTES_A_SECOND = 40_000
MOST_VOICE_SECONDS = 30 * 60
"""The longest recording that a question asks: a longer one takes more than the minute that a conversion is given."""


def is_known_kind(suffix: str) -> bool:
    """Whether the platform can tell a file of this suffix by its content."""
    return suffix in _KINDS


def is_accepted(name: str, accept: Sequence[str]) -> bool:
    """Whether a name ends as the question wants; the content is looked at once it is there."""
    suffix = _suffix(name)
    return suffix in accept and suffix in _KINDS


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lstrip(".").lower()


def accepted_type(name: str, head: bytes, accept: Sequence[str]) -> str:
    """The media type of a file whose name and first bytes agree and that the question accepts. Refuses the others."""
    media_type, is_kind = _KINDS.get(_suffix(name), ("", _starts()))
    if not is_accepted(name, accept) or not is_kind(head):
        raise FileRefused("type")
    return media_type


def shown_name(name: str) -> str:
    """A name safe to show and to save under: the last part of the path, no control or direction character."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    visible = "".join(character for character in last if unicodedata.category(character)[0] != "C")
    return unicodedata.normalize("NFC", visible)[-MOST_NAME_CHARACTERS:].strip() or "fichier"
