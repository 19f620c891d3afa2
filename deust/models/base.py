"""The declarative base, the column types that keep values exact, and the one database object."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from functools import lru_cache
from typing import Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, DateTime, Dialect, MetaData, String
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Instant(TypeDecorator[datetime]):
    """A moment in UTC. Refuses a datetime without a time zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


@lru_cache(maxsize=4_096)
def exact(text: str) -> Fraction:
    """The fraction written so; the same few hundred come back all the time."""
    return Fraction(text)


class Exact(TypeDecorator[Fraction]):
    """A mark, a share or a factor, kept as `numerator/denominator`."""

    impl = String(80)
    cache_ok = True

    def process_bind_param(self, value: Fraction | int | None, dialect: Dialect) -> str | None:
        if isinstance(value, float):
            raise TypeError("marks are exact: no float")
        return None if value is None else str(Fraction(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Fraction | None:
        return None if value is None else exact(value)


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: Instant, Fraction: Exact, dict[str, Any]: JSON, list[Any]: JSON}  # noqa: RUF012


@dataclass(frozen=True, kw_only=True)
class Privacy:
    """What a table holds about people, why, for how long, and what leaves with their export or their erasure."""

    personal: bool
    purpose: str
    keep: str
    export: bool = False
    erase: str = "with the account"


db = SQLAlchemy(metadata=Base.metadata)
