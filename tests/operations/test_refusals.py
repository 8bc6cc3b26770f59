"""A start that cannot work ends with one sentence and exit code 2, before it changes anything."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from tests.operations.processes import python


def manage(*arguments: str, **env: str):
    return python("manage.py", *arguments, env=dict(os.environ) | env)


def test_a_taken_port_names_another(tmp_path: Path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = manage("up", "--port", str(port), LABELLER_HOME=str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.strip().endswith(f"Port {port} is taken; choose another: make run PORT={port + 1}")
    assert not (tmp_path / "labeller.sqlite3").exists()


def test_a_home_that_cannot_be_written_names_the_variable(tmp_path: Path):
    (tmp_path / "file").write_text("")
    home = tmp_path / "file" / "var"
    done = manage("up", LABELLER_HOME=str(home))
    assert done.returncode == 2
    assert done.stderr == (
        f"Labeller cannot start. Cannot write in {home} (Not a directory)."
        " Name a folder of your own: LABELLER_HOME=/path/to/folder.\n"
    )


@pytest.mark.parametrize(
    ("variable", "value", "way_out"),
    [
        ("LABELLER_HTTPS", "yes", "use 'True' or 'False'."),
        ("LABELLER_TIME_ZONE", "Europe", "name a time zone, such as Europe/Berlin."),
        ("LABELLER_TIME_ZONE", "Berlin", "name a time zone, such as Europe/Berlin."),
        ("LABELLER_LOG_LEVEL", "loud", "use one of DEBUG, INFO, WARNING, ERROR, CRITICAL."),
    ],
)
def test_a_wrong_variable_names_what_it_may_be(tmp_path: Path, variable: str, value: str, way_out: str):
    done = manage("up", LABELLER_HOME=str(tmp_path), **{variable: value})
    assert done.returncode == 2
    assert done.stderr == f"Labeller cannot start. Unexpected value {variable}={value}: {way_out}\n"


@pytest.mark.parametrize(
    "address", ["localhost/labeller", "pg://me:secret@host/labeller", "postgres://me:secret@host:port/labeller"]
)
def test_an_address_that_is_no_database_is_refused_without_its_password(tmp_path: Path, address: str):
    done = manage("up", LABELLER_HOME=str(tmp_path), LABELLER_DATABASE_URL=address)
    assert done.returncode == 2 and "secret" not in done.stderr
    assert done.stderr.startswith("Labeller cannot start. Unexpected value of LABELLER_DATABASE_URL: write postgres://")
