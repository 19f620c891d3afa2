"""Search over lessons and glossary: the same words find the same pages on SQLite and on PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, text

from deust.content.index import stemmed
from deust.domain.learning import Programme
from deust.domain.people import SignedIn
from deust.models.learning import SearchEntry
from deust.queries.items import open_module_url, open_modules, open_url
from deust.queries.progress import follows, may_read, progress_of

MAX_QUERY = 200
MAX_FOUND = 20

_MAX_READ = 200
_MAX_WORDS = 12
_SNIPPET = 220
_LEAD = 70

_INDEXED = select(SearchEntry.version).where(SearchEntry.programme == bindparam("programme")).limit(1)

_PIECE = re.compile(r"[^\W_]+|[\W_]+")
_SMALL_WORDS = frozenset(
    stemmed(
        "a au aux ce ces comment dans de des du en est et il je la le les mes mon ne ou où par pas pour quand que "
        "qu qui quel quelle quoi sa ses son sur un une vos votre"
    ).split()
)

_FTS5 = text(
    "SELECT e.ref, e.kind, e.title, e.body FROM search_index JOIN search_entry e ON e.id = search_index.rowid "
    "WHERE search_index MATCH :words AND e.programme = :programme ORDER BY search_index.rank, e.id LIMIT :most"
)
_TSVECTOR = text(
    "SELECT ref, kind, title, body FROM search_entry "
    "WHERE programme = :programme AND to_tsvector('simple', stems) @@ to_tsquery('simple', :words) "
    "ORDER BY ts_rank(to_tsvector('simple', stems), to_tsquery('simple', :words)) DESC, id LIMIT :most"
)


def is_indexed(connection: Connection, programme: Programme) -> bool:
    """Whether this version of the programme is the one that can be searched."""
    return connection.execute(_INDEXED, {"programme": programme.id}).scalar() == programme.version


@dataclass(frozen=True, kw_only=True)
class Found:
    """A page found; `snippet` are pieces of its text, each with whether it is a word searched for."""

    title: str
    url: str
    kind: str
    module: str
    snippet: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, kw_only=True)
class SearchPage:
    """`has_more`: other pages answer too, less well."""

    query: str
    found: tuple[Found, ...]
    has_more: bool


def search_page(
    connection: Connection, query: str, *, programme: Programme, learner: SignedIn | None, now: datetime
) -> SearchPage:
    """What the asker may open among what answers the query; those whose title answers come first."""
    query = query[:MAX_QUERY].strip()
    stems = searched_stems(query)
    rows = search(connection, stems, programme=programme.id)
    reader = learner if learner is not None and may_read(learner, programme) else None
    may_open = _openable(connection, programme, reader, now) if rows else frozenset()
    titled = sorted(
        (row for row in rows if row.ref in may_open or row.kind == "term"),
        key=lambda row: not set(stems) <= set(stemmed(row.title).split()),
    )
    found = tuple(_found(row, stems, programme, reader) for row in titled[:MAX_FOUND])
    return SearchPage(query=query, found=found, has_more=len(titled) > MAX_FOUND)


def searched_stems(query: str) -> tuple[str, ...]:
    """The query's stems, small words left out unless there is nothing else."""
    stems = stemmed(query.replace("\0", " ")).split()[:_MAX_WORDS]
    return tuple(dict.fromkeys(stem for stem in stems if stem not in _SMALL_WORDS)) or tuple(dict.fromkeys(stems))


def search(connection: Connection, stems: Sequence[str], *, programme: str) -> Sequence[Row[Any]]:
    """The entries that hold every stem, the last one possibly cut short, best first."""
    if not stems:
        return ()
    is_sqlite = connection.dialect.name == "sqlite"
    words = " ".join(f'"{stem}"' for stem in stems) + "*" if is_sqlite else " & ".join(stems) + ":*"
    statement = _FTS5 if is_sqlite else _TSVECTOR
    return connection.execute(statement, {"words": words, "programme": programme, "most": _MAX_READ}).all()


def _openable(connection: Connection, programme: Programme, reader: SignedIn | None, now: datetime) -> frozenset[str]:
    """The references that the asker may open: who does not read the programme, what is public; students, what is not
    locked; staff, all.
    """
    items = [item for module in programme.modules.values() for item in module.items]
    if reader is None:
        opened = {item.ref for item in items if open_url(item, programme)}
        return frozenset({*opened, *(module.id for module in open_modules(programme))})
    refs = {*programme.modules, *(item.ref for item in items)}
    if not follows(reader, programme):
        return frozenset(refs)
    progress = progress_of(connection, learner=reader, programme=programme, now=now)
    return frozenset({*programme.modules, *(item.ref for item in items if progress.may_open(item))})


def _found(row: Row[Any], stems: Sequence[str], programme: Programme, reader: SignedIn | None) -> Found:
    module = programme.modules.get(row.ref.partition("/")[0])
    return Found(
        title=row.title,
        url=_url(row.ref, row.kind, programme, reader),
        kind=row.kind,
        module=module.title if module else "",
        snippet=snippet(row.body, stems),
    )


def _url(ref: str, kind: str, programme: Programme, reader: SignedIn | None) -> str:
    if kind == "term":
        return f"/{ref}"
    if reader is not None:
        return f"/modules/{ref}"
    item = programme.find_item(ref)
    return (open_url(item, programme) if item else None) or open_module_url(ref)


def snippet(body: str, stems: Sequence[str]) -> tuple[tuple[str, bool], ...]:
    """The part of a text around the first word searched for, in pieces; a text without any gives its beginning."""
    pieces = _PIECE.findall(body)
    first = next((index for index, piece in enumerate(pieces) if _is_match(piece, stems)), 0)
    start, lead = first, 0
    while start > 0 and lead + len(pieces[start - 1]) <= _LEAD:
        start -= 1
        lead += len(pieces[start])
    end, length = start, 0
    while end < len(pieces) and (length < _SNIPPET or not pieces[end - 1].endswith(" ")):
        length += len(pieces[end])
        end += 1
    shown = _merged([(piece, _is_match(piece, stems)) for piece in pieces[start:end]])
    before = (("… ", False),) if start > 0 else ()
    after = (("…", False),) if end < len(pieces) else ()
    return (*before, *shown, *after)


def _merged(pieces: Sequence[tuple[str, bool]]) -> Iterator[tuple[str, bool]]:
    """Neighbouring pieces that are not searched for, as one."""
    plain = ""
    for piece, is_match in pieces:
        if is_match:
            if plain:
                yield plain, False
            yield piece, True
            plain = ""
        else:
            plain += piece
    if plain:
        yield plain, False


def _is_match(piece: str, stems: Sequence[str]) -> bool:
    if not piece[0].isalnum() or not stems:
        return False
    stem = _stem_of(piece)
    return stem in stems or (len(stems[-1]) > 2 and stem.startswith(stems[-1]))


@lru_cache(maxsize=32_768)
def _stem_of(word: str) -> str:
    return stemmed(word)
