"""Queries whose SQL is built once. Django spends more time on writing a query than SQLite on answering it: for the few
queries of the labelling page, which run at every key press, the SQL is written at the first use and kept.

The query stays an ordinary queryset in the source. It is built once with a stand-in for each parameter; where the
stand-ins turn up among the compiled parameters, each call puts its own values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import Model, QuerySet
from django.db.models.sql.compiler import SQLCompiler

Row = TypeVar("Row", bound=Model)

# Stand-ins: values that no query of ours has as a constant of its own.
_PARAMETERS = (int, float, str, datetime, UUID)
_WHOLE, _REAL, _MOMENT = 7_310_550_000, 7310550.125, datetime(1907, 3, 10, tzinfo=UTC)


@dataclass(frozen=True)
class _Compiled:
    """The query as one vendor of database takes it. `slots`: its parameters, with a _Slot where a value is to go."""

    model: type[Any]
    fields: list[str]
    sql: str
    slots: list[Any]
    converters: Any

    def rows(self, values: dict[str, Any]) -> Iterable[Any]:
        params = [_adapted(values[slot.name]) if isinstance(slot, _Slot) else slot for slot in self.slots]
        with connection.cursor() as cursor:
            cursor.execute(self.sql, params)
            rows = cursor.fetchall()
        return SQLCompiler.apply_converters(self, rows, self.converters) if self.converters else rows  # type: ignore[arg-type]

    @property
    def connection(self) -> Any:
        """For apply_converters, which hands the connection to the converters."""
        return connection


class Prepared(Generic[Row]):
    """A queryset of one model, without select_related, given by a function of named parameters.

    `types` tells each parameter's type: int, float, datetime, UUID or str.
    """

    def __init__(self, build: Callable[..., QuerySet[Row, Any]], /, **types: type) -> None:
        self._build = build
        self._types = types
        self._compiled: dict[str, _Compiled] = {}  # by the database's vendor

    def all(self, **values: Any) -> list[Row]:
        """The rows as model instances."""
        query = self._query(values)
        return [query.model.from_db(connection.alias, query.fields, row) for row in query.rows(values)]

    def first(self, **values: Any) -> Row | None:
        """The first row, or None. The query itself should end in `[:1]`, or be of a unique key."""
        return next(iter(self.all(**values)), None)

    def tuples(self, **values: Any) -> list[tuple[Any, ...]]:
        """The rows of a `values_list`."""
        return [tuple(row) for row in self._query(values).rows(values)]

    def _query(self, values: dict[str, Any]) -> _Compiled:
        if values.keys() != self._types.keys():
            raise TypeError(f"This query takes {sorted(self._types)}, not {sorted(values)}.")
        return self._compiled.get(connection.vendor) or self._compile()

    def _compile(self) -> _Compiled:
        stand_ins = {name: _stand_in(kind, at) for at, (name, kind) in enumerate(self._types.items())}
        queryset = self._build(**stand_ins)
        compiler = queryset.query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        slot_of = {_adapted(value): _Slot(name) for name, value in stand_ins.items()}
        slots = [slot_of.get(param, param) if isinstance(param, _PARAMETERS) else param for param in params]
        if missing := self._types.keys() - {slot.name for slot in slots if isinstance(slot, _Slot)}:
            raise TypeError(f"The query does not use its parameters {sorted(missing)}.")
        converters = compiler.get_converters([expression for expression, _, _ in compiler.select])
        fields = [field.attname for field in queryset.model._meta.concrete_fields]
        compiled = _Compiled(queryset.model, fields, sql, slots, converters)
        self._compiled[connection.vendor] = compiled
        return compiled


class _Slot:
    """The place of a parameter among the compiled ones."""

    def __init__(self, name: str) -> None:
        self.name = name


def _stand_in(kind: type, at: int) -> Any:
    if kind is datetime:
        return _MOMENT + timedelta(days=at)
    if kind is UUID:
        return UUID(int=_WHOLE + at)
    if kind is str:
        return f"stand-in {at}"
    return _REAL + at if kind is float else _WHOLE + at


def _adapted(value: Any) -> Any:
    """The value as the database's driver takes it."""
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, UUID) and not connection.features.has_native_uuid_field:
        return value.hex
    return value
