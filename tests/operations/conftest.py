"""An installation of its own for tests that start the whole: on SQLite, or on the servers the suite was given."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.side_by_side import NUMBER


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of an empty installation. With PostgreSQL a database is made for it, and dropped again; with
    Redis it gets a database number that nothing else here uses."""
    env = dict(os.environ) | {"LABELLER_HOME": str(tmp_path / "home"), "PYTHONUNBUFFERED": "1"}
    if env.get("LABELLER_REDIS_URL"):
        env["LABELLER_REDIS_URL"] = env["LABELLER_REDIS_URL"].rpartition("/")[0] + f"/{9 + NUMBER}"
        flush_redis(env["LABELLER_REDIS_URL"])
    server = env.get("LABELLER_DATABASE_URL", "")
    if not server.startswith("postgres"):
        env.pop("LABELLER_DATABASE_URL", None)
        yield env
        return
    name = f"labeller_{secrets.token_hex(4)}"
    on_postgres(server, f"CREATE DATABASE {name}")
    yield env | {"LABELLER_DATABASE_URL": server.rpartition("/")[0] + f"/{name}"}
    on_postgres(server, f"DROP DATABASE {name} WITH (FORCE)")


def on_postgres(url: str, statement: str) -> None:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


def flush_redis(url: str) -> None:
    import redis

    with redis.from_url(url) as connection:
        connection.flushdb()
