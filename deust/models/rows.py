"""Rows written together in one statement: the same text whatever their number, so that the server prepares it once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Connection, Select, Text, bindparam, cast, column, func, select
from sqlalchemy.dialects import postgresql, sqlite

from deust.models.base import Base

Row = Mapping[str, Any]
Insert = postgresql.Insert | sqlite.Insert


class RowsInsert:
    """An INSERT of any number of rows into these columns; `ending` adds what follows it, such as ON CONFLICT."""

    def __init__(self, table: type[Base], columns: Sequence[str], ending: Callable[[Any], Any] = lambda it: it) -> None:
        types = {name: table.__table__.c[name].type for name in columns}
        self._as_text = [name for name, type_ in types.items() if isinstance(type_, JSON)]
        chosen = _from_one_parameter({name: None if name in self._as_text else types[name] for name in columns})
        self._statements = {
            "postgresql": ending(postgresql.insert(table).from_select(list(columns), chosen)),
            "sqlite": ending(sqlite.insert(table)),
        }

    def write(self, connection: Connection, rows: Sequence[Row]) -> None:
        statement = self._statements[connection.dialect.name]
        if connection.dialect.name == "postgresql":
            connection.execute(statement, {"rows": json.dumps([self._plain(row) for row in rows])})
        else:
            connection.execute(statement, rows)

    def _plain(self, row: Row) -> Row:
        """JSON inside JSON stays text: a null in it is a value, not a missing one."""
        plain = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
        return plain | {name: json.dumps(row[name]) for name in self._as_text}


def _from_one_parameter(types: Mapping[str, Any]) -> Select[Any]:
    """The rows of a JSON list; what has no type here is JSON, given as text."""
    columns = [column(name, Text() if type_ is None else type_) for name, type_ in types.items()]
    listed = func.json_to_recordset(cast(bindparam("rows", type_=Text()), postgresql.JSON))
    rows = listed.table_valued(*columns, name="given_rows").render_derived(with_types=True)
    return select(*(cast(rows.c[name], JSON) if type_ is None else rows.c[name] for name, type_ in types.items()))
