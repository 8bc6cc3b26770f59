"""Writing notices and what is sent out of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from labeller import queueing
from labeller.learning.models import TrainingRun
from labeller.notices import sentences
from labeller.notices.models import Delivery, Notice, NoticeSettings, SeenNotices
from labeller.notices.sentences import run_sentence
from labeller.projects.locks import lock_project
from labeller.projects.models import Project, User

DELIVER_TASK = "labeller.notices.tasks.deliver"
AGAIN_AT = 1.5
"""Advice to stop is told again once there are half as many labels again: who goes on has his reasons."""

LOOK_BACK = timedelta(days=1)
"""Runs that ended earlier, and were missed, are no news any more."""

OVERDUE = timedelta(seconds=30)
"""A delivery is taken up within moments of its time, unless its worker was killed or its task was lost."""

TEST_EVERY = timedelta(seconds=20)


UNTOLD = Q(notice=None, project__archived_at=None)
"""Nobody sees the pages of an archived project. And where one is being deleted, a notice would come back behind the
deletion, which has emptied that table and cannot delete the run that the notice names."""


class NoTestNow(ValueError):
    """The message says why, for the page."""


def note_run_ended(run_id: int) -> Notice | None:
    """The notice of a run that has ended; None where there is nothing to tell, or where it was told before."""
    run = TrainingRun.objects.select_related("project").defer("log").filter(UNTOLD, pk=run_id).first()
    if run is None:
        return None
    sentence = run_sentence(run, list(run.versions.defer("metrics").order_by("number")))
    if not sentence:
        return None
    kind = Notice.Kind.FAILED if run.state == TrainingRun.State.FAILED else Notice.Kind.DONE
    return _note(Notice(project=run.project, kind=kind, run=run, sentence=sentence))


def note_stop_advised(project: Project, *, labels: int, sentence: str) -> Notice | None:
    """Tell that stopping is advised at so many labels. Call it whenever that is found: told once, and again when labels
    have grown by half since; None otherwise."""
    with transaction.atomic():
        lock_project(project.pk)  # two findings at once become one notice
        told = Notice.objects.filter(project=project, kind=Notice.Kind.STOP).order_by("-pk").first()
        if told is not None and labels < AGAIN_AT * told.labels:
            return None
        return _note(Notice(project=project, kind=Notice.Kind.STOP, labels=labels, sentence=sentence))


def send_test(*, project: Project, by: User) -> Notice:
    """A notice to every address of the project, so that its manager sees it arrive. Raises NoTestNow."""
    chosen = NoticeSettings.objects.filter(project=project).first()
    if chosen is None or not (chosen.addresses or chosen.webhook):
        raise NoTestNow(_("There is nowhere to send a test to. Save an address first."))
    with transaction.atomic():
        lock_project(project.pk)  # two clicks at once send one
        since = timezone.now() - TEST_EVERY
        if Notice.objects.filter(project=project, kind=Notice.Kind.TEST, created_at__gt=since).exists():
            wait = {"seconds": TEST_EVERY.seconds}
            raise NoTestNow(_("A test was sent a moment ago. Wait %(seconds)s seconds.") % wait)
        notice = _note(Notice(project=project, kind=Notice.Kind.TEST, sentence=sentences.TEST % {"who": by}))
    assert notice is not None  # only a run's notice can be there already
    return notice


def change_settings(
    *, project: Project, addresses: Sequence[str], webhook: str, on_failure: bool, on_stop: bool
) -> NoticeSettings:
    fields = {"addresses": list(addresses), "webhook": webhook, "on_failure": on_failure, "on_stop": on_stop}
    return NoticeSettings.objects.update_or_create(project=project, defaults=fields)[0]


def put_away(*, project: Project, user: User, upto: int) -> None:
    """Notices up to this one are not shown to this person again. An older one than before changes nothing."""
    mark, _ = SeenNotices.objects.get_or_create(project=project, user=user, defaults={"upto": upto})
    SeenNotices.objects.filter(pk=mark.pk, upto__lt=upto).update(upto=upto)


def catch_up() -> int:
    """What killed processes left behind: ended runs nobody told of, and deliveries that are due. The number found."""
    ended = TrainingRun.objects.filter(UNTOLD, state__in=["done", "failed"], finished_at__gt=timezone.now() - LOOK_BACK)
    found = sum(note_run_ended(run_id) is not None for run_id in ended.values_list("pk", flat=True))
    now = timezone.now()
    due = Delivery.objects.filter(state=Delivery.State.QUEUED, due_at__lt=now - OVERDUE)
    for pk in list(due.values_list("pk", flat=True)):
        if due.filter(pk=pk).update(due_at=now):  # of several processes that look, one hands it out
            queueing.enqueue(DELIVER_TASK, pk, cluster="quick")
            found += 1
    return found


def _note(notice: Notice) -> Notice | None:
    """Write it with its deliveries, and hand these out once all is committed. None when the run's is there already."""
    try:
        with transaction.atomic():
            notice.save(force_insert=True)
            deliveries = Delivery.objects.bulk_create(_deliveries(notice))
    except IntegrityError:
        return None
    for delivery in deliveries:
        transaction.on_commit(partial(queueing.enqueue, DELIVER_TASK, delivery.pk, cluster="quick"))
    return notice


def _deliveries(notice: Notice) -> list[Delivery]:
    chosen = NoticeSettings.objects.filter(project_id=notice.project_id).first()
    if chosen is None or not _is_wanted(chosen, notice):
        return []
    targets = [(Delivery.Channel.EMAIL, address) for address in chosen.addresses]
    if chosen.webhook:
        targets.append((Delivery.Channel.WEBHOOK, chosen.webhook))
    now = timezone.now()
    return [Delivery(notice=notice, channel=channel, target=target, due_at=now) for channel, target in targets]


def _is_wanted(chosen: NoticeSettings, notice: Notice) -> bool:
    wanted = {Notice.Kind.FAILED: chosen.on_failure, Notice.Kind.STOP: chosen.on_stop, Notice.Kind.TEST: True}
    return wanted.get(Notice.Kind(notice.kind), False)
