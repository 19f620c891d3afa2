"""« À corriger » in sentences and as a wave: how many, by when, about how long."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from flask import request

from deust.domain.copies import ANSWERS_MINUTES, WORK_MINUTES
from deust.domain.errors import NotFound
from deust.domain.learning import Assignment
from deust.models.transaction import reading
from deust.queries.queue import Activity, Drawn, Filters, Queue
from deust.queries.queue_news import News, queue_news
from deust.web import wave
from deust.web.addresses import group_of_list
from deust.web.current import tools, visitor
from deust.web.flag_words import draft_words, silence
from deust.web.formats import duration
from deust.web.i18n import gettext as _
from deust.web.i18n import ngettext
from deust.web.wave import Bar, Wave

_ROUNDED = 5
_LONGEST_REF = 200


@dataclass(frozen=True, kw_only=True)
class QueueView:
    """`minutes` and `soon_minutes` are for all that waits, and for what is due before the end of tomorrow or late.

    `undrawn` copies follow those of the wave; `is_measured` says of which activities the time was really spent.
    """

    title: str
    wave: Wave | None
    undrawn: int
    minutes: int
    soon_minutes: int
    minutes_of: Callable[[Activity], int]
    is_measured: Callable[[Activity], bool]
    promise: str


def queue_words(found: Queue, news: News, now: datetime) -> dict[str, object]:
    """What the page says of the queue, and of what stands beside it."""
    return {
        "view": queue_view(found, news.minutes, is_work=_is_work, now=now),
        "news": news,
        "reason": silence,
        "draft": draft_words()[1].partition("\n")[0],
        "work_minutes": WORK_MINUTES,
        "answers_minutes": ANSWERS_MINUTES,
    }


def _is_work(ref: str) -> bool:
    """Whether a published activity is a hand-in; what left the courses counts as answers of a quiz."""
    try:
        return isinstance(tools().catalogue.item(ref), Assignment)
    except NotFound:
        return False


def news_of_queue(now: datetime) -> News:
    """What stands beside the queue of the visitor, remembered for a while."""
    with reading() as connection:
        return queue_news(
            connection,
            tools().queue_news,
            tools().snapshots,
            marker=visitor(),
            programmes=tools().catalogue.programme,
            now=now,
        )


def queue_view(
    queue: Queue, measured: Mapping[str, int], *, is_work: Callable[[str], bool], now: datetime
) -> QueueView:
    """The queue as its page says it. `measured` holds the minutes really spent on a copy, by activity."""
    each = {one.item_ref: _each(one.item_ref, measured, is_work) for one in queue.activities}
    urgent = sum(each[one.item_ref] * (one.late + one.soon) for one in queue.counted)
    minutes = _rounded(sum(each[one.item_ref] * one.count for one in queue.counted))
    return QueueView(
        title=_title(queue),
        wave=_wave(queue, each, minutes, now) if queue.drawn else None,
        undrawn=queue.total - len(queue.drawn),
        minutes=minutes,
        soon_minutes=_rounded(urgent),
        minutes_of=lambda one: _rounded(each[one.item_ref] * one.count),
        is_measured=lambda one: one.item_ref in measured,
        promise=_promise(queue),
    )


def _each(ref: str, measured: Mapping[str, int], is_work: Callable[[str], bool]) -> int:
    return measured.get(ref) or (WORK_MINUTES if is_work(ref) else ANSWERS_MINUTES)


def _rounded(minutes: int) -> int:
    """Up to five minutes above a quarter of an hour: an estimate is no closer than that."""
    return minutes if minutes <= 15 else -(-minutes // _ROUNDED) * _ROUNDED


def _title(queue: Queue) -> str:
    copies = ngettext("%(num)s copie", "%(num)s copies", queue.total)
    late = _("%(num)s en retard", num=queue.late)
    soon = _("%(num)s à rendre d’ici demain", num=queue.soon)
    if queue.late and queue.soon:
        return _("%(copies)s, dont %(late)s et %(soon)s.", copies=copies, late=late, soon=soon)
    if queue.late or queue.soon:
        return _("%(copies)s, dont %(some)s.", copies=copies, some=late if queue.late else soon)
    return ngettext("%(num)s copie à corriger.", "%(num)s copies à corriger.", queue.total)


def _promise(queue: Queue) -> str:
    """« 5 jours », or « de 3 à 5 jours » when activities promise differently."""
    days = sorted({one.days_promised for one in queue.counted})
    if not days:
        return ""
    most = ngettext("%(num)s jour", "%(num)s jours", days[-1])
    return most if len(days) == 1 else _("de %(least)s à %(most)s", least=days[0], most=most)


def _wave(queue: Queue, each: Mapping[str, int], minutes: int, now: datetime) -> Wave:
    bars = [Bar(minutes=each.get(one.item_ref, WORK_MINUTES), state=_state(one, queue, now)) for one in queue.drawn]
    parts = [ngettext("%(num)s copie", "%(num)s copies", queue.total)]
    if queue.late:
        parts.append(_("%(num)s en retard", num=queue.late))
    if queue.soon:
        parts.append(_("%(num)s à rendre d’ici demain", num=queue.soon))
    parts.append(_("environ %(time)s de correction", time=duration(minutes)))
    return wave.wave(bars, "queue", current=0, text=", ".join(parts))


def _state(copy: Drawn, queue: Queue, now: datetime) -> wave.State:
    if copy.due_back_at < now:
        return "late"
    return "soon" if copy.due_back_at < queue.tomorrow_ends else "todo"


def filters_asked() -> Filters:
    """The activity, the group, and whether only one's own: as the address or the form says."""
    return Filters(
        item_ref=request.values.get("activite", "")[:_LONGEST_REF],
        group_id=group_of_list(),
        is_mine=request.values.get("miennes") == "1",
    )


def filters_query(**changes: object) -> dict[str, object]:
    """The filters as an address writes them, with these changed."""
    filters = filters_asked()
    asked = {"activite": filters.item_ref, "groupe": filters.group_id, "miennes": "1" if filters.is_mine else ""}
    return {name: value for name, value in {**asked, **changes}.items() if value}


def filtered_address(path: str = "", **changes: object) -> str:
    """This page, or another, with the filters changed."""
    query = urlencode(filters_query(**changes))
    return f"{path or request.path}?{query}" if query else path or request.path
