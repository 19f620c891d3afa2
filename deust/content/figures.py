"""Pictures, sound and video of a page, with their sizes, captions and transcripts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape

from deust.content.media import CAPTIONS, IMAGES, SOUNDS, VIDEOS, Media, suffix_of


@dataclass(frozen=True)
class Shelf:
    """The media of one module, and their transcripts as written."""

    module: str
    media: Mapping[str, Media]
    transcripts: Mapping[str, str]

    def find(self, target: str) -> Media | None:
        """The media that `media/name` means in this module."""
        folder, _, name = target.partition("/")
        return self.media.get(f"{self.module}/{name}") if folder == "media" else None

    def address(self, media: Media) -> str:
        return f"/cours/{self.module}/media/{media.name}?v={media.digest[:8]}"

    def transcript(self, media: Media) -> str:
        return self.transcripts.get(f"{self.module}/{media.name.rpartition('.')[0]}", "")

    def captions(self, media: Media) -> Media | None:
        return self.media.get(f"{self.module}/{media.name.rpartition('.')[0]}.vtt")


def is_image(media: Media) -> bool:
    return suffix_of(media.name) in IMAGES


def is_played(media: Media) -> bool:
    return suffix_of(media.name) in SOUNDS or suffix_of(media.name) in VIDEOS


def is_attached(media: Media) -> bool:
    return not is_image(media) and not is_played(media) and suffix_of(media.name) not in CAPTIONS


def player(media: Media, title: str, shelf: Shelf, render_transcript: Callable[[str], str]) -> str:
    """Sound or video with its captions and, folded below, its transcript: whole HTML, already safe."""
    is_video = suffix_of(media.name) in VIDEOS
    label = escape(title or ("Vidéo" if is_video else "Extrait sonore"))
    tag, kind = ("video", "video") if is_video else ("audio", "sound")
    source = escape(shelf.address(media))
    transcript = shelf.transcript(media)
    folded = ""
    if transcript:
        folded = (
            f'<details class="transcript"><summary>Transcription</summary>{render_transcript(transcript)}</details>'
        )
    return (
        f'<figure class="{kind}"><{tag} controls preload="none" src="{source}" aria-label="{label}">'
        f"{_track(media, shelf) if is_video else ''}</{tag}>{folded}</figure>"
    )


def _track(media: Media, shelf: Shelf) -> str:
    captions = shelf.captions(media)
    if captions is None:
        return ""
    return f'<track kind="captions" srclang="fr" label="Français" src="{escape(shelf.address(captions))}" default>'
