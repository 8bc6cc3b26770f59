"""An archived project is deleted for good: asked for by its name, then done by a worker in small steps.

Its own row says how that stands, and goes last. Every change is one conditional update, as with a training run:

    archived --ask_for_deletion--> waits --claim--> at work --> gone
                                     ^----hand back----+     a turn is over, or something is still under way for it

Recovery hands out what waits, and what a killed worker left; whatever is deleted already stays deleted. A folder that
cannot be removed is tried again and again: the log names it, and the list of projects says that it is stuck.
"""

from __future__ import annotations

import shutil
import time
import unicodedata
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import structlog
from django.db import IntegrityError, connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from labeller import queueing
from labeller.projects.archiving import note, stop_work
from labeller.projects.belongings import Table, tables, wipe
from labeller.projects.models import Membership, Project, User

log = structlog.get_logger(__name__)

TASK = "labeller.projects.tasks.delete_project"
BATCH = 1000  # rows a transaction: whoever wants to write meanwhile waits a fraction of a second
MOST_PAUSE_S = 0.5
TURN_S = 3.0  # then the task is enqueued anew: there are two quick workers, and a refit is wanted within seconds
STALE = timedelta(seconds=60)  # a batch takes well under a second; this allows for a machine on its knees
AGAIN = timedelta(seconds=15)  # waiting for so long: what was under way may have ended, or the broker lost the task

# Known to the apps above, which register it in their AppConfig.ready: whether something that was asked to stop has not
# stopped yet, where a project's files are, and what still knows deleted rows, which it forgets in short writes.
under_way: list[Callable[[int], bool]] = []
folders: list[Callable[[int], Path]] = []
indexes: list[Callable[[], Iterator[None]]] = []


# SQLite's log is emptied when nobody reads or writes: how often that is tried, and how long writers wait for a try.
TRIES, BETWEEN_TRIES_S, PATIENCE_MS = 10, 0.3, 200

_END = object()
_ALL = "all"  # in place of a table's name: of the tables none is left


class WrongName(ValueError):
    """Another name was typed; the message is a sentence for the page."""


class _Superseded(Exception):
    """Another process has taken the deletion over."""


class _TurnOver(Exception):
    """Others wait for the worker."""


class _Stuck(Exception):
    """This folder cannot be removed."""

    def __init__(self, folder: Path, why: OSError) -> None:
        self.facts = {"path": str(folder), "error": f"{type(why).__name__}: {why}"}


def ask_for_deletion(*, project: Project, name: str, by: User | None = None) -> bool:
    """Hand an archived project to a worker, which deletes it; from now on nobody can bring it back. False when it is
    open, or asked for before. Raises WrongName when `name` is not its name."""
    if _as_read(name) != _as_read(project.name):
        raise WrongName(_("That is not its name. Type “%(project)s”, capitals too.") % {"project": project})
    now = timezone.now()
    with transaction.atomic():
        rows = Project.objects.filter(pk=project.pk, archived_at__isnull=False, deletion_asked_at=None)
        if not rows.update(deletion_asked_at=now, deletion_beat_at=now):
            return False
        transaction.on_commit(partial(queueing.enqueue, TASK, project.pk, cluster="quick"))
    note("deletion_asked", project, by)
    return True


def recover_deletions() -> int:
    """Hand out again what waits and what a killed worker left. Of several processes that look, one does. The number."""
    now = timezone.now()
    going = Project.objects.filter(deletion_asked_at__isnull=False)
    silent = Q(deletion_beat_at__lt=now - STALE) | Q(deletion_claim=None, deletion_beat_at__lt=now - AGAIN)
    found = 0
    for pk, beat_at in list(going.filter(silent).values_list("pk", "deletion_beat_at")):
        if going.filter(pk=pk, deletion_beat_at=beat_at).update(deletion_claim=None, deletion_beat_at=now):
            queueing.enqueue(TASK, pk, cluster="quick")
            found += 1
    return found


def carry_on(project_id: int) -> bool:
    """Delete as much as one turn allows, unless another process is at it, or something is still under way for the
    project. True once it is gone. May be called twice without harm."""
    turn = _claim(project_id)
    if turn is None:
        return False
    stop_work(project_id)
    if any(is_under_way(project_id) for is_under_way in under_way):
        turn.hand_back()
        return False
    try:
        _delete(turn)
    except _TurnOver:
        turn.hand_back()
        queueing.enqueue(TASK, project_id, cluster="quick")
        return False
    except _Superseded:
        log.warning("deletion_superseded", project=project_id)
        return False
    except _Stuck as stuck:
        turn.hand_back(deletion_is_stuck=True)
        log.error("deletion_stuck", project=project_id, **stuck.facts)
        return False
    except IntegrityError as error:
        # A late row in a table that was emptied before names one that is to go now. Recovery hands it out: where each
        # turn met one, it would else take the workers' time without a pause.
        turn.hand_back(deletion_table="", deletion_key=0)
        log.warning("deletion_begins_again", project=project_id, error=str(error))
        return False
    log.info("project_deleted", project=project_id)
    return True


@dataclass
class _Turn:
    project_id: int
    token: uuid.UUID
    ends: float  # of time.monotonic()
    table: str  # how far the deletion is, as in its row
    key: int
    began: float = 0.0  # the last step

    @contextmanager
    def step(self, table: str = _ALL, key: int = 0) -> Iterator[None]:
        """One transaction, if the deletion is still ours; with it goes how far that brings us. Raises _Superseded."""
        self.began = time.monotonic()
        there = {"deletion_table": table, "deletion_key": key}
        with transaction.atomic():
            if not self._mine().update(deletion_beat_at=timezone.now(), deletion_is_stuck=False, **there):
                raise _Superseded
            yield

    def rest(self) -> None:
        """After a step that did something: as long again for whoever else wants to write. Raises _TurnOver."""
        now = time.monotonic()
        if now > self.ends:
            raise _TurnOver
        time.sleep(min(now - self.began, MOST_PAUSE_S))

    def hand_back(self, **facts: bool | int | str) -> None:
        self._mine().update(deletion_claim=None, deletion_beat_at=timezone.now(), **facts)

    def _mine(self) -> QuerySet[Project]:
        return Project.objects.filter(pk=self.project_id, deletion_claim=self.token)


def _claim(project_id: int) -> _Turn | None:
    """None when the project is gone, was not asked to go, or another process is at it."""
    token, now = uuid.uuid4(), timezone.now()
    free = Q(deletion_claim=None) | Q(deletion_beat_at__lt=now - STALE)
    rows = Project.objects.filter(free, pk=project_id, deletion_asked_at__isnull=False)
    if not rows.update(deletion_claim=token, deletion_beat_at=now):
        return None
    far = Project.objects.filter(deletion_claim=token).values_list("deletion_table", "deletion_key").first()
    return _Turn(project_id, token, time.monotonic() + TURN_S, *far) if far else None


def _delete(turn: _Turn) -> None:
    """Files first: they are what a reader of the disk would find. Then tables, those that name others before these, and
    what indexes know of them; then at once what a last request has written meanwhile, who was a member, and the
    project. Raises _Stuck, _Superseded and _TurnOver."""
    _overwrite_what_is_deleted()
    _remove_folders(turn.project_id)
    for table in _left(turn.table):
        if table.model is Membership:  # whoever manages it sees until the end that it is going
            continue
        after = turn.key if table.name == turn.table else 0
        while keys := table.some_keys(turn.project_id, after=after, count=BATCH):
            with turn.step(table.name, keys[-1]):
                table.delete(keys)
            turn.rest()
            after = keys[-1]
    for forget in indexes:
        steps = forget()
        while _do_one(steps, turn):
            turn.rest()
    with turn.step():
        for table in tables():
            wipe(table.rows(turn.project_id))
        wipe(Project.objects.filter(pk=turn.project_id))
        _remove_folders(turn.project_id)  # before the commit: where that fails, the row is still there to come back to
        transaction.on_commit(_empty_the_log, robust=True)
    try:
        _remove_folders(turn.project_id)
    except _Stuck as stuck:  # a file of the last moment
        log.error("folder_left_behind", project=turn.project_id, **stuck.facts)


def _left(reached: str) -> Sequence[Table]:
    """The tables from this one on; all of them when none was reached, or another version of the program reached it."""
    names = [table.name for table in tables()]
    if reached == _ALL:
        return ()
    return tables()[names.index(reached) if reached in names else 0 :]


def _do_one(steps: Iterator[None], turn: _Turn) -> bool:
    """False when none is left."""
    with turn.step():
        return next(steps, _END) is not _END


def _remove_folders(project_id: int) -> None:
    """Raises _Stuck where something cannot be removed."""
    for folder_of in folders:
        folder = folder_of(project_id)
        try:
            if folder.exists():
                shutil.rmtree(folder)
        except OSError as error:
            raise _Stuck(folder, error) from error


def _overwrite_what_is_deleted() -> None:
    """SQLite leaves deleted bytes in its file unless it is told, or was built, to overwrite them with zeros."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA secure_delete = ON")


def _empty_the_log() -> None:
    """SQLite writes to a log first. Until that has gone into its file, and is emptied, old bytes stay in both. Where
    others read or write all the time it is left to the next that empties it."""
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        patience = int(cursor.fetchone()[0])
        cursor.execute(f"PRAGMA busy_timeout = {PATIENCE_MS}")
        try:
            for _try in range(TRIES):
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                if not cursor.fetchone()[0]:  # else it was busy
                    return
                time.sleep(BETWEEN_TRIES_S)
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {patience}")
    log.warning("log_not_emptied", tries=TRIES)


def _as_read(name: str) -> str:
    """As a page shows it: spaces in a row are one, and however an accent is written it looks the same."""
    return " ".join(unicodedata.normalize("NFC", name).split())
