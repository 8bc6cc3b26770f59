"""A database that goes away, and comes back, between two beats."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import OperationalError, connection, connections


def cut_the_connection() -> None:
    """As a restart of the database does it: Django has not noticed yet."""
    connection.ensure_connection()
    connection.connection.close()


class Pauses:
    """Stands in for the event that a beating thread waits for: one of these happens before each beat, then it ends."""

    def __init__(self, *before_each: Callable[[], None]) -> None:
        self._left = iter(before_each)

    def wait(self, _seconds: float) -> bool:
        happens = next(self._left, None)
        if happens is not None:
            happens()
        return happens is None


class Outage:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._is_on = False
        here = connections["default"]
        connect = here.connect

        def refuse_meanwhile() -> None:
            if self._is_on:
                raise OperationalError("connection refused")
            connect()

        monkeypatch.setattr(here, "connect", refuse_meanwhile)

    def begin(self) -> None:
        cut_the_connection()
        self._is_on = True

    def end(self) -> None:
        self._is_on = False
