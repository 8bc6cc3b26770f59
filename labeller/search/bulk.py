"""Labelling what was found: begun here, done in chunks here or by a worker, undone whole. Each chunk is a transaction,
and may be done twice without harm."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from labeller import queueing
from labeller.annotation.found import label_found, take_back_found
from labeller.annotation.given_labels import AnswerRefused, checked_labels
from labeller.annotation.models import Annotation
from labeller.learning.id_ranges import pack
from labeller.numerals import whole
from labeller.projects.conditions import of_project
from labeller.projects.models import Project, User
from labeller.search.models import BulkAct

CHUNK = 200  # texts a transaction: the project's answers wait a tenth of a second for it
AT_ONCE = 400  # texts done within the request; of more a worker does the rest
MOST = 10_000  # texts in one act
SILENT = timedelta(seconds=30)  # without a sign of the process that works on it
TASK = "labeller.search.tasks.carry_on"
State = BulkAct.State


class ActRefused(Exception):
    """The act cannot be done; the message says why, and what to do."""


def begin(
    *,
    project: Project,
    annotator: User,
    key: uuid.UUID,
    document_ids: Collection[int],
    label_ids: Sequence[int],
    found_by: str,
    query: str = "",
    replace_mine: bool = False,
    take_reserve: bool = False,
) -> BulkAct:
    """Label these texts: a few at once, many in the background. Sent twice with one key it is one act.

    Raises ActRefused with a sentence when there are too many or the labels do not fit the project.
    """
    if not document_ids:
        raise ActRefused(_("No text was chosen. Mark some texts first."))
    if len(document_ids) > MOST:
        raise ActRefused(too_many())
    try:
        labels = checked_labels(project, Annotation.Status.LABELLED, label_ids)
    except AnswerRefused as error:
        raise ActRefused(str(error)) from None
    fields = {
        "label_ids": labels,
        "documents": pack(document_ids),
        "total": len(set(document_ids)),
        "found_by": found_by[:300],
        "query": query,
        "replace_mine": replace_mine,
        "take_reserve": take_reserve,
    }
    try:
        with transaction.atomic():
            act = BulkAct.objects.create(project=project, annotator=annotator, key=key, **fields)
    except IntegrityError:
        return _sent_before(project, annotator, key)
    return _start(act)


def too_many() -> str:
    return _("At most %(most)s texts are labelled in one act. Narrow the list down first.") % {"most": whole(MOST)}


def undo(*, act: BulkAct) -> BulkAct:
    """Take back the whole act. Raises ActRefused while it is under way; undone before, nothing happens."""
    done = BulkAct.objects.filter(pk=act.pk, state=State.DONE)
    if not done.update(state=State.UNDOING, looked_at=0, heartbeat_at=timezone.now(), finished_at=None):
        act.refresh_from_db()
        if act.state == State.LABELLING:
            raise ActRefused(_("These texts are still being labelled. Wait for the end, then undo it."))
        return _sent_again(act)
    act.refresh_from_db()
    return _start(act)


def is_silent(act: BulkAct) -> bool:
    """Whether nobody seems to work on it."""
    return act.is_unfinished and timezone.now() - act.heartbeat_at > SILENT


def go_on(*, act: BulkAct) -> None:
    """Hand an act that fell silent to a worker again."""
    queueing.enqueue(TASK, act.pk, cluster="quick")


def stop(project_id: int) -> None:
    """Take the acts from whoever works on them; they end with the chunk in hand. Once the project is brought back,
    their pages go on with them."""
    BulkAct.objects.filter(project=project_id, state__in=BulkAct.UNFINISHED).update(claim=None)


def _start(act: BulkAct) -> BulkAct:
    if act.total <= AT_ONCE:
        carry_on(act.pk)
    else:
        queueing.enqueue(TASK, act.pk, cluster="quick")
    act.refresh_from_db()
    return act


def _sent_before(project: Project, annotator: User, key: uuid.UUID) -> BulkAct:
    act = BulkAct.objects.filter(project=project, annotator=annotator, key=key).first()
    if act is None:
        raise ActRefused(_("This form was used for something else. Reload the page and try again."))
    return _sent_again(act)


def _sent_again(act: BulkAct) -> BulkAct:
    """A short act whose request died half-way is brought to its end by the next one."""
    return _start(act) if act.is_unfinished and act.total <= AT_ONCE else act


def carry_on(act_id: int) -> None:
    """Do what is left of the act, unless another process is at it or the project is archived. May be called twice
    without harm."""
    claim, now = uuid.uuid4(), timezone.now()
    free = Q(claim=None) | Q(heartbeat_at__lt=now - SILENT)
    rows = BulkAct.objects.filter(free, of_project(archived_at=None), pk=act_id, state__in=BulkAct.UNFINISHED)
    if not rows.update(claim=claim, heartbeat_at=now):
        return
    act = BulkAct.objects.select_related("project", "annotator").get(pk=act_id)
    ids, undoing = act.document_ids, act.state == State.UNDOING
    for start in range(act.looked_at, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        try:
            told = _undo_chunk(act, chunk) if undoing else _label_chunk(act, chunk)
        except AnswerRefused as error:  # a label was deleted meanwhile
            _end(act, claim, State.DONE, str(error))
            return
        mine = BulkAct.objects.filter(pk=act_id, claim=claim)
        if not mine.update(looked_at=start + len(chunk), heartbeat_at=timezone.now(), **told):
            return  # taken over by another process, which goes on from here
    _end(act, claim, State.UNDONE if undoing else State.DONE)


def _label_chunk(act: BulkAct, ids: list[int]) -> dict[str, object]:
    outcome = label_found(project=act.project, annotator=act.annotator, document_ids=ids, act=act.act)
    act.left = dict(Counter(act.left) + Counter(str(standing) for standing in outcome.left.values()))
    return {"given": F("given") + len(outcome.given), "left": act.left}


def _undo_chunk(act: BulkAct, ids: list[int]) -> dict[str, object]:
    return {"taken_back": F("taken_back") + take_back_found(project=act.project, document_ids=ids, act=act.act)}


def _end(act: BulkAct, claim: uuid.UUID, state: State, reason: str = "") -> None:
    ours = BulkAct.objects.filter(pk=act.pk, claim=claim)
    ours.update(state=state, reason=reason, claim=None, finished_at=timezone.now(), heartbeat_at=timezone.now())
