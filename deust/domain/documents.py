"""PDFs handed in, seen page by page: how many pages, and why some cannot be shown."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MOST_PAGES = 40
"""Pages drawn of one document: more than any work asked here. The rest is read in the file itself."""

MOST_SIDE = 3_000
"""The most pixels that a page's picture has on a side."""

MOST_TRIES = 3


class DocumentState(StrEnum):
    """Waiting to be drawn, ready to be read, not to be drawn at all, or deleted with its file."""

    WAITING = "waiting"
    READY = "ready"
    FAILED = "failed"
    DELETED = "deleted"


class Unseen(StrEnum):
    """Why no page is shown: a password, a file that is damaged or empty, or too much time or memory to draw one."""

    LOCKED = "locked"
    BROKEN = "broken"
    HEAVY = "heavy"


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One page, drawn: where its bytes are among those of all the pages, and its pixels."""

    start: int
    size: int
    width: int
    height: int
