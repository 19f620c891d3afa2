"""How pages write lengths, days, moments, marks and numbers: French, and its English counterpart.

No space inside an expression ever breaks over two lines.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo

from deust.domain.people import DEFAULT_ZONE
from deust.domain.versions import stretches
from deust.web.current import visitor_or_none
from deust.web.i18n import current_locale
from deust.web.i18n import lazy_gettext as lazy

NBSP = "\N{NO-BREAK SPACE}"

_DAYS = lazy("lundi mardi mercredi jeudi vendredi samedi dimanche")
_SHORT_DAYS = lazy("lun. mar. mer. jeu. ven. sam. dim.")
_SHORT_MONTHS = lazy("janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.")
_MONTHS = lazy("janvier février mars avril mai juin juillet août septembre octobre novembre décembre")


def duration(minutes: int) -> str:
    """A length: 12 → « 12 min », 70 → « 1 h 10 », 120 → « 2 h »."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest}{NBSP}min"
    if not rest:
        return f"{hours}{NBSP}h"
    unit = f"{NBSP}min" if current_locale() == "en" else ""
    return f"{hours}{NBSP}h{NBSP}{rest:02d}{unit}"


def time_left(seconds: int) -> str:
    """What a clock shows: 760 → « 12 min 40 », 40 → « 40 s », 3720 → « 1 h 02 »."""
    if seconds >= 3600:
        return duration(seconds // 60)
    minutes, rest = divmod(seconds, 60)
    return f"{minutes}{NBSP}min{NBSP}{rest:02d}" if minutes else f"{rest}{NBSP}s"


@lru_cache(maxsize=2048)
def day_in(on: date, locale: str) -> str:
    """« mardi 13 octobre », « Tuesday 13 October »; the first of a month is « 1er » in French."""
    day, month = _DAYS.words_in(locale)[on.weekday()], _MONTHS.words_in(locale)[on.month - 1]
    return f"{day} {_ordinal(on, locale)}{NBSP}{month}"


@lru_cache(maxsize=2048)
def short_day_in(on: date, locale: str) -> str:
    """« dim. 18 », « Sun 18 »."""
    return f"{_SHORT_DAYS.words_in(locale)[on.weekday()]}{NBSP}{_ordinal(on, locale)}"


@lru_cache(maxsize=2048)
def short_date_in(on: date, locale: str) -> str:
    """« dim. 6 déc. », « Sun 6 Dec »: a day that may be in another month."""
    return f"{short_day_in(on, locale)}{NBSP}{_SHORT_MONTHS.words_in(locale)[on.month - 1]}"


def clock_in(at: datetime, zone: str, locale: str) -> str:
    """The time of day: « 20 h 14 », « 20:14 »."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{local:%H:%M}" if locale == "en" else f"{local.hour}{NBSP}h{NBSP}{local:%M}"


def moment_in(at: datetime, zone: str, locale: str) -> str:
    """« dimanche 18 octobre, 23 h 59 », « Sunday 18 October, 23:59 »."""
    return f"{day_in(at.astimezone(ZoneInfo(zone)).date(), locale)}, {clock_in(at, zone, locale)}"


def number_in(value: Fraction | Decimal | int, locale: str, places: int = 2) -> str:
    """An exact number, rounded half up, without idle zeros: « 1 250,5 », « 1,250.5 »."""
    exact = Fraction(value)
    rounded = (Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(
        Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP
    )
    text = f"{rounded:,f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text if locale == "en" else text.replace(",", NBSP).replace(".", ",")


@lru_cache(maxsize=1024)
def mark20_in(share: Fraction, locale: str) -> str:
    """A mark out of 20 from the share of the points obtained: « 14,5 / 20 »."""
    return f"{number_in(share * 20, locale)}{NBSP}/{NBSP}20"


def average_in(share: Fraction, locale: str) -> str:
    """An average out of 20, rounded half up, its two places always shown: « 12,10 »."""
    hundredths = (share * 4_000 + 1) // 2
    text = f"{hundredths // 100}.{hundredths % 100:02d}"
    return text if locale == "en" else text.replace(".", ",")


def file_size(size: int) -> str:
    """« 310 ko », « 1,5 Mo »."""
    locale = current_locale()
    letter = "B" if locale == "en" else "o"
    if size < 1_000_000:
        return f"{max(1, round(size / 1000))}{NBSP}k{letter}"
    return f"{number_in(Fraction(size, 1_000_000), locale, 1)}{NBSP}M{letter}"


def person_zone() -> str:
    """The time zone of who reads, Paris for a guest."""
    person = visitor_or_none()
    return person.time_zone if person else DEFAULT_ZONE


def _ordinal(on: date, locale: str) -> str:
    return "1er" if on.day == 1 and locale == "fr" else str(on.day)


def _local_day(at: date | datetime) -> date:
    return at.astimezone(ZoneInfo(person_zone())).date() if isinstance(at, datetime) else at


def _day(at: date | datetime) -> str:
    return day_in(_local_day(at), current_locale())


def _date_in_full(on: date) -> str:
    """« 25 novembre 2026 », « 25 November 2026 »."""
    locale = current_locale()
    return f"{_ordinal(on, locale)}{NBSP}{_MONTHS.words_in(locale)[on.month - 1]}{NBSP}{on.year}"


def _short_day(at: date | datetime) -> str:
    return short_day_in(_local_day(at), current_locale())


def _short_date(at: date | datetime) -> str:
    return short_date_in(_local_day(at), current_locale())


def _moment(at: datetime) -> str:
    return moment_in(at, person_zone(), current_locale())


def clock(at: datetime) -> str:
    return clock_in(at, person_zone(), current_locale())


def number(value: Fraction | Decimal | int, places: int = 2) -> str:
    return number_in(value, current_locale(), places)


def _mark20(share: Fraction) -> str:
    return mark20_in(share, current_locale())


BARS, BAR_PITCH, WAVE_HEIGHT = 128, 5, 64


def wave_bars(peaks: Sequence[int]) -> str:
    """The path of a true wave, one stroke a bar about its axis, for a drawing of 640 × 64; a silence is a short one."""
    edges = [number * len(peaks) // BARS for number in range(BARS + 1)]
    bars = [max(peaks[start : max(stop, start + 1)], default=0) for start, stop in pairwise(edges)]
    heights = [max(2, WAVE_HEIGHT * bar // 100) for bar in bars]
    return "".join(f"M{BAR_PITCH * i + 2} {(WAVE_HEIGHT - h) // 2}v{h}" for i, h in enumerate(heights))


def sound_time(seconds: int) -> str:
    """« 1 min 03 », the same in every language."""
    return f"{seconds // 60}{NBSP}min{NBSP}{seconds % 60:02}"


def _average(share: Fraction) -> str:
    return average_in(share, current_locale())


FILTERS: dict[str, Callable[..., object]] = {
    "average": _average,
    "clock": clock,
    "date_in_full": _date_in_full,
    "day": _day,
    "duration": duration,
    "file_size": file_size,
    "mark20": _mark20,
    "moment": _moment,
    "number": number,
    "short_date": _short_date,
    "short_day": _short_day,
    "sound_time": sound_time,
    "stretches": stretches,
    "time_left": time_left,
    "wave_bars": wave_bars,
}
