"""What an address asks to see of a cohort, read and written in one place."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from flask import url_for

from deust.queries.cohort import Filter, Sort, Wish
from deust.web.addresses import number_of

Choice = TypeVar("Choice", bound=StrEnum)


def wish_of(values: Mapping[str, str]) -> Wish:
    """What an address asks to see; what it says wrongly is left out."""
    return Wish(
        filter=_one_of(Filter, values.get("filtre"), Filter.ALL),
        sort=_one_of(Sort, values.get("tri"), Sort.NAME),
        group_id=number_of(values.get("groupe")),
        position=number_of(values.get("page")) or 1,
    )


def _one_of(choices: type[Choice], value: str | None, usual: Choice) -> Choice:
    return choices(value) if value in list(choices) else usual


def address_of(wished: Wish, cohort_id: int, endpoint: str = "cohort.cohort", **changes: object) -> str:
    """The address of the same view with something changed; what is usual is left out."""
    usual = {"filtre": Filter.ALL, "tri": Sort.NAME, "groupe": None, "page": 1}
    values = {"filtre": wished.filter, "tri": wished.sort, "groupe": wished.group_id, "page": 1, **changes}
    said = {name: value for name, value in values.items() if value != usual.get(name)}
    return url_for(endpoint, cohort_id=cohort_id, **said)
