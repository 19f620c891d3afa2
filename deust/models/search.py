"""The full-text index over `search_entry`: FTS5 on SQLite, a GIN index on PostgreSQL.

Migrations run `CREATE[dialect]` and `DROP[dialect]`; a database made from the metadata alone gets the same index.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import DDL, event

from deust.models.learning import SearchEntry

INDEX = "search_index"

CREATE: Mapping[str, tuple[str, ...]] = {
    "sqlite": (
        f"CREATE VIRTUAL TABLE {INDEX} USING fts5(stems, content='search_entry', content_rowid='id')",
        f"CREATE TRIGGER search_entry_added AFTER INSERT ON search_entry BEGIN"
        f" INSERT INTO {INDEX} (rowid, stems) VALUES (new.id, new.stems); END",
        f"CREATE TRIGGER search_entry_removed AFTER DELETE ON search_entry BEGIN"
        f" INSERT INTO {INDEX} ({INDEX}, rowid, stems) VALUES ('delete', old.id, old.stems); END",
        f"CREATE TRIGGER search_entry_changed AFTER UPDATE ON search_entry BEGIN"
        f" INSERT INTO {INDEX} ({INDEX}, rowid, stems) VALUES ('delete', old.id, old.stems);"
        f" INSERT INTO {INDEX} (rowid, stems) VALUES (new.id, new.stems); END",
    ),
    "postgresql": (f"CREATE INDEX {INDEX} ON search_entry USING gin (to_tsvector('simple', stems))",),
}

DROP: Mapping[str, tuple[str, ...]] = {
    "sqlite": (
        "DROP TRIGGER search_entry_changed",
        "DROP TRIGGER search_entry_removed",
        "DROP TRIGGER search_entry_added",
        f"DROP TABLE {INDEX}",
    ),
    "postgresql": (f"DROP INDEX {INDEX}",),
}

for _dialect, _statements in CREATE.items():
    for _statement in _statements:
        event.listen(SearchEntry.__table__, "after_create", DDL(_statement).execute_if(dialect=_dialect))
