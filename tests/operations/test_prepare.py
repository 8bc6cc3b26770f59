"""Several hosts may start on one database at the same moment: one prepares it."""

from __future__ import annotations

import pytest
from django.db import connection

from labeller.operations import prepare
from tests.beside import Beside


@pytest.mark.django_db(transaction=True)
def test_of_two_that_start_on_one_database_one_prepares_it_and_the_other_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite is one host's alone.")
    missing, said, second = [3], [], []

    def migrate(*_: object, **__: object) -> None:
        assert not second, "Both migrate."
        second.append(Beside(lambda: prepare.database(said.append)).until_it_waits())
        missing[0] = 0

    monkeypatch.setattr(prepare, "_missing", lambda: missing[0])
    monkeypatch.setattr(prepare, "call_command", migrate)
    prepare.database(said.append)
    second[0].outcome()
    assert said == ["Preparing the database (3 migrations)"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = "
                       "(SELECT oid FROM pg_database WHERE datname = current_database())")  # fmt: skip
        assert cursor.fetchone() == (0,), "The next one would wait for ever."
