"""Numbers that an address or a form names: what is none, or is more than the tables hold, is left out."""

from __future__ import annotations

from flask import request

_MOST_DIGITS = 9


def number_of(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None


def page_of_list() -> int:
    """The page asked of a list, from 1: the first when the address names none."""
    return max(1, number_of(request.args.get("page")) or 1)


def group_of_list() -> int | None:
    """The group that a list is asked for, by the address or by the form; None is every group."""
    return number_of(request.values.get("groupe"))
