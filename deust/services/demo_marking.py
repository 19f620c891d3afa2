"""One work of the demonstration, marked and given back by its tutor, with a comment to read and one to hear."""

from __future__ import annotations

import io
import math
import random
import wave
from array import array
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from deust.adapters.files import FileStore
from deust.content.catalogue import Catalogue
from deust.domain.copies import Anchor, Remark, Work
from deust.domain.people import SignedIn
from deust.models.assignments import Copy
from deust.queries.copies import Part
from deust.queries.marking import CopyPage, copy_page
from deust.queries.spoken_comments import MOST_BYTES
from deust.services import comment_uploads, grading

_RATE, _SECONDS = 8_000, 5
_COMMENT = (
    "Vous repérez ce qui manque à l'accueil et vous proposez un script complet : c'est solide. Laissez un silence "
    "après votre question ouverte, puis reformulez. Le commentaire parlé de cette démonstration est un son de synthèse."
)
_REMARK = "Bonne observation : dites aussi ce que le client ressent à ce moment."


def mark_work(session: Session, *, files: FileStore, marker: SignedIn, learner: SignedIn, catalogue: Catalogue) -> None:
    """Mark the first work that this student handed in, within the hour, and give it back; none: nothing."""
    copies = session.execute(
        select(Copy.public_id, Copy.handed_in_at, Copy.terms)
        .where(Copy.person_id == learner.person_id)
        .order_by(Copy.id)
    )
    found = next((copy for copy in copies if copy.terms), None)
    if found is None:
        return
    now = found.handed_in_at + timedelta(minutes=30)
    page = copy_page(session.connection(), marker=marker, public_id=found.public_id, now=now)
    sound = files.put(io.BytesIO(invented_voice()), max_bytes=MOST_BYTES)
    given = {"marker": marker, "public_id": found.public_id, "now": now}
    spoken = comment_uploads.give_comment(session, file=sound, name="commentaire.wav", **given)
    grading.save_work(session, work=_work(page), base_version=0, is_ready=True, spoken=spoken, **given)
    grading.release(
        session,
        by=marker,
        public_ids=[found.public_id],
        find_quiz=catalogue.quiz,
        now=now + timedelta(minutes=10),
    )


def _work(page: CopyPage) -> Work:
    """The second level for a criterion in three, and a remark on the second sentence."""
    levels = {
        rating.names[one.id]: list(rating.grid.levels)[1 if place % 3 == 1 else 0]
        for rating in page.ratings
        for place, one in enumerate(rating.grid.criteria)
    }
    work = Work(chosen=levels, comment=_COMMENT)
    text = next((part for part in page.shown if part.text), None)
    return replace(work, remarks=(_remark(text),)) if text else work


def _remark(part: Part) -> Remark:
    start = part.text.find(". ") + 2
    quote = part.text[start:].partition(".")[0]
    end = start + len(quote)
    return Remark(id="demo", part=part.key, anchor=Anchor.PASSAGE, text=_REMARK, start=start, end=end, quote=quote)


def invented_voice() -> bytes:
    """Five seconds of a sound that goes by syllables, as a WAV: the same bytes each time, and nobody's voice."""
    written = io.BytesIO()
    with wave.open(written, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(_RATE)
        sound.writeframes(array("h", _samples(random.Random(1999))).tobytes())
    return written.getvalue()


def _samples(rng: random.Random) -> Iterator[int]:
    left = _RATE * _SECONDS
    while left > 0:
        length = min(left, rng.randrange(900, 2_200))
        loudness = rng.choice((0, 4_000, 7_000, 11_000))
        pitch = rng.choice((110, 123, 139, 165)) * 2 * math.pi / _RATE
        for place in range(length):
            swell = math.sin(math.pi * place / length)
            yield int(loudness * swell * (math.sin(pitch * place) + math.sin(2 * pitch * place) / 2) / 1.5)
        left -= length
