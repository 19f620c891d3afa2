"""How authors write values in front matter: durations, weeks, shares, exact numbers, sizes, dates."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from fractions import Fraction
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from deust.content.typography import typeset
from deust.domain.files import MOST_VOICE_SECONDS
from deust.domain.uploads import QUOTA

ID_PATTERN = r"^[a-z0-9]+(-[a-z0-9]+)*$"

_DURATION = re.compile(r"(\d{1,3}) ?h(?: ?(\d{1,2})(?: ?min)?)?|(\d{1,4}) ?min|(\d{1,5}) ?s(?:ec)?")
_SIZE = re.compile(r"(\d{1,4}) ?(ko|kb|mo|mb)", re.IGNORECASE)
_NUMBER = re.compile(r"-?\d{1,9}(?:[.,]\d{1,9})?")
_DAYS = re.compile(r"(\d{1,3}) days?")


class Strict(BaseModel):
    """A model that refuses unknown keys and converts nothing silently."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, arbitrary_types_allowed=True, defer_build=True)


def plain(value: object) -> Any:
    """The value with its models as mappings; numbers stay exact."""
    if isinstance(value, BaseModel):
        return {name: plain(getattr(value, name)) for name in type(value).model_fields}
    return [plain(part) for part in value] if isinstance(value, list) else value


def seconds_of(text: str) -> int | None:
    """`20 min`, `1 h 30`, `90 s` in seconds; None when it is not a duration."""
    found = _DURATION.fullmatch(text.replace("\u00a0", " ").strip())
    if not found:
        return None
    hours, extra, minutes, seconds = (int(part or 0) for part in found.groups())
    return hours * 3600 + (extra + minutes) * 60 + seconds or None


def bytes_of(text: str) -> int | None:
    """`20 MB` or `500 ko` in bytes; None when it is not a size."""
    found = _SIZE.fullmatch(text.replace("\u00a0", " ").strip())
    if not found:
        return None
    return int(found.group(1)) * (1_000_000 if found.group(2).lower().startswith("m") else 1_000)


def number_of(text: str) -> Fraction | None:
    """An exact number with a comma or a point; None when it is not one."""
    text = text.strip()
    return Fraction(text.replace(",", ".")) if _NUMBER.fullmatch(text) else None


def _from_text(read: Callable[[str], Any], expected: str) -> BeforeValidator:
    def validate(value: Any) -> Any:
        found = read(value) if isinstance(value, str) else None
        if found is None:
            raise ValueError(expected)
        return found

    return BeforeValidator(validate)


def _exact(value: Any) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, int | Fraction):
        raise ValueError("un nombre, par exemple 4 ou 0.25")
    return Fraction(value)


def _share(text: str) -> Fraction | None:
    left, slash, right = text.partition("/")
    if text.endswith("%"):
        left, slash, right = text[:-1], "/", "100"
    top, bottom = number_of(left), number_of(right)
    if not slash or top is None or not bottom or not 0 <= top <= bottom:
        return None
    return top / bottom


def _week(text: str) -> int | None:
    found = re.fullmatch(r"week (\d{1,2})", text)
    return int(found.group(1)) if found and int(found.group(1)) else None


def _days(text: str) -> int | None:
    found = _DAYS.fullmatch(text)
    return int(found.group(1)) if found else None


def _date(text: str) -> str | None:
    try:
        return date.fromisoformat(text).isoformat() if len(text) == 10 else None
    except ValueError:
        return None


Id = Annotated[str, StringConstraints(pattern=ID_PATTERN, max_length=60)]
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]*$", max_length=40)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=1000, strip_whitespace=True)]
Title = Annotated[Text, AfterValidator(typeset)]
"""A short text that pages print as it is."""
Seconds = Annotated[int, _from_text(seconds_of, "une durée, par exemple 20 min ou 1 h 30")]
Bytes = Annotated[int, _from_text(bytes_of, "une taille, par exemple 20 MB")]
Share = Annotated[Fraction, _from_text(_share, "une part, par exemple 10/20 ou 60 %")]
DueWeek = Annotated[int, _from_text(_week, "une semaine du calendrier, par exemple week 5")]
Days = Annotated[int, _from_text(_days, "un nombre de jours, par exemple 5 days")]
Day = Annotated[str, _from_text(_date, "une date qui existe, par exemple 2026-09-30")]
Exact = Annotated[Fraction, BeforeValidator(_exact)]
Week = Annotated[int, Field(ge=1, le=60)]
Minutes = Annotated[int, Field(ge=1, le=6000)]
Count = Annotated[int, Field(ge=1, le=1000)]


def recording_excess(seconds: int) -> str | None:
    """Why a recording of this length cannot be asked for."""
    return f"enregistrement de plus de {MOST_VOICE_SECONDS // 60} min" if seconds > MOST_VOICE_SECONDS else None


def file_excess(size: int) -> str | None:
    """Why a file of so many bytes cannot be asked for: nobody may hold as much."""
    return f"fichier de plus de {QUOTA // 1_000_000} Mo" if size > QUOTA else None
