"""Glossary terms in a lesson: the first occurrence opens its definition, without any script."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from html import escape, unescape

from deust.domain.learning import Term

_PIECE = re.compile(r"(<[^>]*>)")
_TAG = re.compile(r"<(/?)([a-zA-Z0-9]+)")
_TOUCHED = re.compile(
    r"((?:[^\s<>'’]{0,12}['’]|[«“‘(\[]\N{NO-BREAK SPACE}?){0,3})"
    r'(<button type="button" class="term"[^>]*>[^<]*</button>)'
    r"((?:\N{NO-BREAK SPACE}?[.,;:!?…»”)\]]){0,4})"
)
_SKIPPED = frozenset(
    {
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "a",
        "code",
        "pre",
        "button",
        "math",
        "summary",
        "figure",
        "dt",
        "kbd",
        "th",
        "svg",
    }
)
_CLOSED_ALONE = frozenset({"br", "hr", "img", "track"})


def offer_terms(parts: Sequence[str], terms: Sequence[Term]) -> tuple[list[str], list[Term]]:
    """The HTML pieces with the first occurrence of each term made a button, and the terms found, in order."""
    if not terms:
        return list(parts), []
    pattern, by_word = _matcher(tuple(terms))
    found: dict[str, Term] = {}
    return [_with_buttons(part, pattern, by_word, found) for part in parts], list(found.values())


@lru_cache(maxsize=8)
def _matcher(terms: tuple[Term, ...]) -> tuple[re.Pattern[str], dict[str, Term]]:
    by_word: dict[str, Term] = {}
    for term in terms:
        for word in (term.name, term.long):
            if len(word) > 1:
                by_word.setdefault(_key(word), term)
    words = sorted(by_word, key=len, reverse=True)
    choices = "|".join(_written(word) for word in words)
    return re.compile(rf"(?<![\w-])(?:{choices or '(?!)'})(?![\w-])"), by_word


def _key(word: str) -> str:
    """Abbreviations keep their capitals; words are met in lower case, or with a capital at the start of a sentence."""
    word = word.replace("’", "'")
    return word if _is_abbreviation(word) else word[0].lower() + word[1:]


def _is_abbreviation(word: str) -> bool:
    return word[1:2].isupper() or word.isupper()


def _written(word: str) -> str:
    plain = re.escape(word).replace("'", "['’]").replace("\\ ", "\\s")
    if _is_abbreviation(word):
        return plain
    first = re.escape(word[0])
    return f"[{first}{re.escape(word[0].upper())}]{plain[len(first) :]}s?"


def _with_buttons(html: str, pattern: re.Pattern[str], by_word: dict[str, Term], found: dict[str, Term]) -> str:
    pieces = _PIECE.split(html)
    depth = 0
    for place, piece in enumerate(pieces):
        if piece.startswith("<"):
            depth += _depth_change(piece)
        elif depth == 0 and piece.strip():
            offered = pattern.sub(lambda word: _button(word.group(), by_word, found), piece)
            pieces[place] = _TOUCHED.sub(_kept_together, offered)
    return "".join(pieces)


def _depth_change(tag: str) -> int:
    found = _TAG.match(tag)
    name = found.group(2).lower() if found else ""
    if name not in _SKIPPED or name in _CLOSED_ALONE:
        return 0
    return -1 if found and found.group(1) else 1


def _button(word: str, by_word: dict[str, Term], found: dict[str, Term]) -> str:
    key = _key(re.sub(r"\s", " ", unescape(word)))
    term = by_word.get(key) or by_word.get(key.removesuffix("s"))
    if term is None or term.slug in found:
        return word
    found[term.slug] = term
    return f'<button type="button" class="term" popovertarget="term-{term.slug}">{word}</button>'


def _kept_together(touched: re.Match[str]) -> str:
    """A button may begin or end a line wherever it stands: what touches it holds to it."""
    before, button, after = touched.groups()
    return f'<span class="keep">{touched.group()}</span>' if before or after else button


def definition(term: Term, html: str) -> str:
    """What the button opens; `html` is the rendered definition."""
    long = f' <span class="long">{escape(term.long)}</span>' if term.long else ""
    return (
        f'<aside popover id="term-{term.slug}" class="definition">'
        f'<p class="term-name"><strong>{escape(term.name)}</strong>{long}</p>'
        f'<p>{html}</p><p><a href="/glossaire#{term.slug}">Glossaire</a></p></aside>'
    )
