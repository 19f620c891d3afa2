"""Dialogue blocks: who says what, and whether it is the clumsy or the right way.

```dialogue bad "Sans reformuler"
Conseiller: « Oui, allô ? »
```
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_WORDS = re.compile(r"dialogue(?:\s+(bad|good))?(?:\s+\"([^\"]*)\")?\s*")
_LINE = re.compile(r"([^:«»]{1,60}?)\s*:\s+(.+)")


@dataclass(frozen=True)
class Dialogue:
    manner: str
    title: str
    lines: tuple[tuple[str, str], ...]


def read_dialogue(words: str, content: Sequence[str]) -> Dialogue | None:
    """The dialogue, or None when its first line cannot be read; a line without a name goes on with the one before."""
    found = _WORDS.fullmatch(words.strip())
    if not found:
        return None
    lines: list[tuple[str, str]] = []
    for text in content:
        said = _LINE.fullmatch(text.strip())
        if said:
            lines.append((said.group(1).strip(), said.group(2).strip()))
        elif text.strip() and lines:
            lines[-1] = (lines[-1][0], f"{lines[-1][1]} {text.strip()}")
        elif text.strip():
            return None
    return Dialogue(found.group(1) or "", found.group(2) or "", tuple(lines)) if lines else None
