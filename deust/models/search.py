"""The full-text index over `search_entry`: FTS5 on SQLite, a GIN index on PostgreSQL.

Migrations run `CREATE[dialect]` and `DROP[dialect]`.
"""

from __future__ import annotations

from collections.abc import Mapping

CREATE: Mapping[str, tuple[str, ...]] = {
    "sqlite": (
        "CREATE VIRTUAL TABLE search_index USING fts5(stems, content='search_entry', content_rowid='id')",
        "CREATE TRIGGER search_entry_added AFTER INSERT ON search_entry BEGIN"
        " INSERT INTO search_index (rowid, stems) VALUES (new.id, new.stems); END",
        "CREATE TRIGGER search_entry_removed AFTER DELETE ON search_entry BEGIN"
        " INSERT INTO search_index (search_index, rowid, stems) VALUES ('delete', old.id, old.stems); END",
        "CREATE TRIGGER search_entry_changed AFTER UPDATE ON search_entry BEGIN"
        " INSERT INTO search_index (search_index, rowid, stems) VALUES ('delete', old.id, old.stems);"
        " INSERT INTO search_index (rowid, stems) VALUES (new.id, new.stems); END",
    ),
    "postgresql": ("CREATE INDEX search_index ON search_entry USING gin (to_tsvector('simple', stems))",),
}

DROP: Mapping[str, tuple[str, ...]] = {
    "sqlite": (
        "DROP TRIGGER search_entry_changed",
        "DROP TRIGGER search_entry_removed",
        "DROP TRIGGER search_entry_added",
        "DROP TABLE search_index",
    ),
    "postgresql": ("DROP INDEX search_index",),
}
