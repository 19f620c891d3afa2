"""Rows written together in one statement: the same text whatever their number, so that the server prepares it once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from operator import methodcaller
from typing import Any

from sqlalchemy import (
    JSON,
    BindParameter,
    Connection,
    Insert,
    Select,
    String,
    Text,
    Update,
    any_,
    bindparam,
    cast,
    column,
    func,
    insert,
    literal_column,
    select,
    update,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from deust.models.base import Base

Row = Mapping[str, Any]


def insert_into(where: Session | Connection, table: type[Base]) -> Any:
    """An INSERT as this server writes it, which may say what happens when the row is there.

    SQLite's is loaded where it is spoken: a worker beside PostgreSQL does not carry it.
    """
    dialect = where.get_bind().dialect.name if isinstance(where, Session) else where.dialect.name
    if dialect == "postgresql":
        return postgresql.insert(table)
    return import_module("sqlalchemy.dialects.sqlite").insert(table)


def hold(session: Session, table: type[Base], id_: int) -> None:
    """Hold a row until the end of the transaction, so that what depends on it is made once; others may name it."""
    row = select(table.__table__.c.id).where(table.__table__.c.id == id_)
    session.connection().execute(row.with_for_update(key_share=True))


_TEXTS = postgresql.ARRAY(String)

_NULL = cast(literal_column("'null'"), postgresql.JSON)

Among = Callable[[Any, str], Any]


def among(make: Callable[[Among], Any]) -> Mapping[str, Any]:
    """The statement that `make` writes, by server; it is given how to say that a text column is among those of a list.

    PostgreSQL takes the list whole: the statement has the same text whatever its length, and is prepared once. It is
    not shown the list while it plans: it would plan anew for each, hoping for a better plan, in longer than it runs.
    """
    return {"postgresql": make(_in_array), "sqlite": make(_in_list)}


def _in_array(column: Any, name: str) -> Any:
    listed = bindparam(name, type_=_TEXTS)
    return column == any_(cast(select(listed).scalar_subquery(), _TEXTS))


def _in_list(column: Any, name: str) -> Any:
    return column.in_(bindparam(name, expanding=True))


class RowsInsert:
    """An INSERT of any number of rows into these columns; `ending` adds what follows it, such as ON CONFLICT.

    `only` narrows the rows, where the server can take them from one parameter.
    """

    def __init__(
        self,
        table: type[Base],
        columns: Sequence[str],
        ending: Callable[[Any], Any] = lambda it: it,
        *,
        only: Callable[[Select[Any]], Select[Any]] = lambda it: it,
    ) -> None:
        types = {name: table.__table__.c[name].type for name in columns}
        self.parameter = f"{table.__tablename__}_rows"
        chosen = _from_one_parameter(self.parameter, types)
        self._table, self._ending = table, ending
        self.from_parameter = ending(postgresql.insert(table).from_select(list(columns), only(chosen)))

    def write(self, connection: Connection, rows: Sequence[Row]) -> None:
        if not rows:
            return
        if connection.dialect.name == "postgresql":
            connection.execute(self.from_parameter, {self.parameter: self.as_parameter(rows)})
        else:
            connection.execute(self._ending(insert_into(connection, self._table)), rows)

    def as_parameter(self, rows: Sequence[Row]) -> str:
        return json.dumps(rows, default=methodcaller("isoformat"))


class RowsTogether:
    """Rows of two tables in one statement where the server can, in two where it cannot."""

    def __init__(self, first: RowsInsert, second: RowsInsert) -> None:
        self._first, self._second = first, second
        beside = second.from_parameter.cte(f"{second.parameter}_written")
        self._statement = first.from_parameter.add_cte(beside)

    def write(self, connection: Connection, first: Sequence[Row], second: Sequence[Row]) -> None:
        if connection.dialect.name != "postgresql":
            self._first.write(connection, first)
            self._second.write(connection, second)
            return
        values = {
            self._first.parameter: self._first.as_parameter(first),
            self._second.parameter: self._second.as_parameter(second),
        }
        connection.execute(self._statement, values)


@dataclass(frozen=True)
class Part:
    """One row written beside those of other tables; its values have its name before theirs."""

    name: str
    statement: Insert | Update

    def values(self, row: Row) -> Row:
        return {f"{self.name}_{column}": value for column, value in row.items()}


def added(name: str, table: type[Base], *columns: str) -> Part:
    """A row inserted with these columns."""
    return Part(name, insert(table).values(_parameters(name, table, columns)).inline())


def changed(name: str, table: type[Base], *columns: str) -> Part:
    """These columns of the row whose `id` is given."""
    mine = table.__table__.c.id == bindparam(f"{name}_id")
    return Part(name, update(table).where(mine).values(_parameters(name, table, columns)))


class Together:
    """Rows of several tables in one statement where the server can, in as many as there are where it cannot.

    None may need that another is there: the server sees all the tables as they were before.
    """

    def __init__(self, *parts: Part) -> None:
        self._parts = {part.name: part for part in parts}
        self._whole: dict[tuple[str, ...], Insert | Update] = {}

    def write(self, connection: Connection, rows: Mapping[str, Row]) -> None:
        """Write a row for each part that is named."""
        parts = [self._parts[name] for name in rows]
        if connection.dialect.name != "postgresql":
            for part in parts:
                connection.execute(part.statement, part.values(rows[part.name]))
            return
        values = {name: value for part in parts for name, value in part.values(rows[part.name]).items()}
        connection.execute(self._in_one(tuple(rows)), values)

    def _in_one(self, names: tuple[str, ...]) -> Insert | Update:
        if names not in self._whole:
            *others, last = (self._parts[name] for name in names)
            beside = [part.statement.cte(f"{part.name}_written") for part in others]
            self._whole[names] = last.statement.add_cte(*beside) if beside else last.statement
        return self._whole[names]


def _parameters(name: str, table: type[Base], columns: Sequence[str]) -> dict[str, BindParameter[Any]]:
    types = table.__table__.c
    return {column: bindparam(f"{name}_{column}", type_=types[column].type) for column in columns}


def _from_one_parameter(parameter: str, types: Mapping[str, Any]) -> Select[Any]:
    """The rows of a JSON list. A null among what is kept as JSON is a value: the server takes it for a missing one."""
    columns = [column(name, type_) for name, type_ in types.items()]
    listed = func.json_to_recordset(cast(bindparam(parameter, type_=Text()), postgresql.JSON))
    rows = listed.table_valued(*columns, name=f"given_{parameter}").render_derived(with_types=True)
    return select(*(func.coalesce(one, _NULL) if isinstance(one.type, JSON) else one for one in rows.c))
