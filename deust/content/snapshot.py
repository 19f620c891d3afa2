"""What the server serves at one moment: programmes, media, transcripts and addresses, all of one version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from deust.content.media import Media
from deust.domain.learning import Programme


@dataclass(frozen=True)
class Snapshot:
    """`media` and `transcripts` are keyed `module/file`, a transcript without its suffix; `pages` by file path.

    `rendered` names, for each reference, the page that the store holds; empty until the version is published.
    """

    version: str
    programmes: Mapping[str, Programme] = field(default_factory=dict)
    media: Mapping[str, Media] = field(default_factory=dict)
    transcripts: Mapping[str, str] = field(default_factory=dict)
    pages: Mapping[str, str] = field(default_factory=dict)
    rendered: Mapping[str, str] = field(default_factory=dict)

    def programme_of_module(self, module_id: str) -> Programme | None:
        return next((one for one in self.programmes.values() if module_id in one.modules), None)
