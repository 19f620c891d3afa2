"""Works of the demonstration, marked and given back by their tutor: comments to read, and one to hear."""

from __future__ import annotations

import io
import math
import random
import wave
from array import array
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from deust.adapters.files import FileStore
from deust.content.catalogue import Catalogue
from deust.domain.assignments import CopyState
from deust.domain.copies import Anchor, Remark, Work
from deust.domain.people import SignedIn
from deust.models.assignments import Copy
from deust.queries.copies import Part
from deust.queries.marking import CopyPage, copy_page
from deust.queries.spoken_comments import MOST_BYTES
from deust.services import comment_uploads, grading
from deust.services.demo_works import COMMENTS

_MARKED_AFTER = timedelta(days=2)
_RATE, _SECONDS = 8_000, 5
_COMMENT = (
    "Vous repérez ce qui manque à l'accueil et vous proposez un script complet : c'est solide. Laissez un silence "
    "après votre question ouverte, puis reformulez. Le commentaire parlé de cette démonstration est un son de synthèse."
)
_REMARK = "Bonne observation : dites aussi ce que le client ressent à ce moment."


def mark_past_works(
    session: Session,
    *,
    marker: SignedIn,
    learner: SignedIn,
    catalogue: Catalogue,
    before: datetime,
    until: datetime,
) -> None:
    """Mark what this student handed in before this moment, two days later, and give it back; all is done `until` then.

    Some works are less good than others, the same each time.
    """
    rng = random.Random(f"marks/{learner.email}")
    for copy in _copies(session, learner):
        if copy.handed_in_at >= before:
            continue
        now = min(copy.handed_in_at + _MARKED_AFTER, until)
        page = copy_page(session.connection(), marker=marker, public_id=copy.public_id, now=now)
        worst = rng.randrange(len(COMMENTS))
        given = {"marker": marker, "public_id": copy.public_id, "now": now}
        grading.save_work(session, work=_plain_work(page, worst), base_version=0, is_ready=True, **given)
        grading.release(session, by=marker, public_ids=[copy.public_id], find_quiz=catalogue.find_quiz, now=now)


def _copies(session: Session, learner: SignedIn) -> list[Row[Any]]:
    """The student's copies of assignments that wait for a mark, oldest first."""
    waiting = select(Copy.public_id, Copy.handed_in_at, Copy.terms).where(
        Copy.person_id == learner.person_id, Copy.state == CopyState.TO_MARK.value
    )
    return [copy for copy in session.execute(waiting.order_by(Copy.id)).all() if copy.terms]


def _plain_work(page: CopyPage, worst: int) -> Work:
    """The best level everywhere but for the first criteria, and the comment that goes with theirs."""
    return Work(chosen=_levels(page, lambda place: worst if place < 2 else 0), comment=COMMENTS[worst])


def _levels(page: CopyPage, level_at: Callable[[int], int]) -> dict[str, str]:
    """The level given to each criterion, by its place in its grid; 0 is the best."""
    return {
        rating.names[one.id]: list(rating.grid.levels)[level_at(place)]
        for rating in page.ratings
        for place, one in enumerate(rating.grid.criteria)
    }


def mark_work(session: Session, *, files: FileStore, marker: SignedIn, learner: SignedIn, catalogue: Catalogue) -> None:
    """Mark the work of the week that this student handed in, within the hour, and give it back; none: nothing."""
    found = next(iter(_copies(session, learner)), None)
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
        find_quiz=catalogue.find_quiz,
        now=now + timedelta(minutes=10),
    )


def _work(page: CopyPage) -> Work:
    """The second level for a criterion in three, and a remark on the second sentence."""
    work = Work(chosen=_levels(page, lambda place: 1 if place % 3 == 1 else 0), comment=_COMMENT)
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
