"""A media file read once: its size, its length, and why it is refused."""

from __future__ import annotations

import re
from hashlib import sha256
from io import BytesIO

from PIL import Image

from deust.content.drawings import drawing
from deust.content.media import CAPTIONS, IMAGES, TYPES, Media, suffix_of
from deust.content.problems import Report
from deust.content.svg import read_svg, svg_size

MAX_PIXELS = 50_000_000
MAX_ADVISED = {"image": 1_000_000, "audio": 30_000_000}

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_POINTER = b"version https://git-lfs.github.com/spec/"
_CUE = re.compile(r"-->\s*(?:([0-9]{1,3}):)?([0-9]{1,2}):([0-9]{2})")
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "AVIF")


def read_media(name: str, raw: bytes, report: Report) -> Media | None:
    """The media as it will be served, or None with the reason reported."""
    suffix = suffix_of(name)
    if not _NAME.fullmatch(name):
        report.error(
            1, f"nom de fichier refusé : « {name} »", "lettres sans accent, chiffres, points et tirets, sans espace"
        )
        return None
    if not raw:
        report.error(1, "fichier vide", "enregistrez-le de nouveau, ou retirez-le")
        return None
    if raw.startswith(_POINTER):
        report.error(1, "ce fichier est un pointeur Git LFS, pas le média", "récupérez-le avec git lfs pull")
        return None
    width = height = seconds = 0
    shown = ""
    if suffix == "svg":
        root = read_svg(raw, report)
        size = svg_size(root, report) if root is not None else None
        if root is None or size is None:
            return None
        width, height = size
        shown = drawing(root, width, height)
    elif suffix in IMAGES:
        size = _image_size(raw, report)
        if size is None:
            return None
        width, height = size
    elif suffix in CAPTIONS:
        seconds = _last_cue(raw, report)
    kind = TYPES[suffix].split("/")[0]
    if len(raw) > MAX_ADVISED.get(kind, len(raw)):
        report.warn(1, f"fichier lourd : {len(raw) // 1000} ko", "réduisez-le : les téléphones le paient")
    return Media(name, sha256(raw).hexdigest(), TYPES[suffix], width, height, seconds, shown)


def _image_size(raw: bytes, report: Report) -> tuple[int, int] | None:
    try:
        with Image.open(BytesIO(raw), formats=_FORMATS) as image:
            width, height = image.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        report.error(1, "image illisible", "enregistrez-la de nouveau")
        return None
    if width * height > MAX_PIXELS:
        report.error(1, f"image de {width} × {height} points", "réduisez-la")
        return None
    return width, height


def _last_cue(raw: bytes, report: Report) -> int:
    text = raw.decode("utf-8-sig", "replace")
    if not text.startswith("WEBVTT"):
        report.error(1, "sous-titres illisibles", "commencez le fichier par WEBVTT")
        return 0
    ends = [int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds) for hours, minutes, seconds in _CUE.findall(text)]
    if not ends:
        report.warn(1, "sous-titres vides", "ajoutez des répliques datées")
    return max(ends, default=0)
