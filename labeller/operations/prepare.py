"""What must be true before the first process starts: the database has its tables, the browser's files are in place."""

from __future__ import annotations

import hashlib
import multiprocessing
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

Say = Callable[[str], None]
PREPARING = int.from_bytes(b"labeller")  # the number of the lock: any that nobody else takes in this database


def database(say: Say) -> None:
    """Applies the migrations that are missing. Looking costs some 50 ms, so it is done at every start."""
    if not _missing():
        return
    with _alone():
        # Another host may have done it while this one waited.
        if missing := _missing():
            say(f"Preparing the database ({missing} migrations)")
            call_command("migrate", verbosity=0, interactive=False)


def _missing() -> int:
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


@contextmanager
def _alone() -> Iterator[None]:
    """On PostgreSQL several hosts share the database: one prepares it, the others wait. The lock goes with its
    connection, so a killed process leaves none."""
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [PREPARING])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [PREPARING])


def static_files(say: Say) -> None:
    """Writes the chart library and collects what browsers fetch, when any of the files changed since the last time.

    In a fork of its own, for the libraries it takes stay in memory (100 MB) as long as their process lives.
    Raises CommandError when it fails; the lines above the sentence say why.
    """
    if _stamp().exists() and _stamp().read_text() == _fingerprint():
        return
    say("Collecting the browser's files")
    builder = multiprocessing.get_context("fork").Process(target=_build_static)
    builder.start()
    builder.join()
    if builder.exitcode != 0:
        raise CommandError("The browser's files could not be collected: see the lines above.")


def _build_static() -> None:
    call_command("build_charts", verbosity=0)
    call_command("collectstatic", verbosity=0, interactive=False, clear=True)
    _stamp().write_text(_fingerprint())


def _stamp() -> Path:
    return Path(settings.STATIC_ROOT) / ".collected"


def _fingerprint() -> str:
    """Of every source file's name, size and time: no content is read."""
    digest = hashlib.sha256(f"{version('vl-convert-python')} {settings.STORAGES['staticfiles']['BACKEND']}".encode())
    for finder in get_finders():
        for name, storage in sorted(finder.list([]), key=lambda found: found[0]):
            status = Path(storage.path(name)).stat()
            digest.update(f"{name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()
