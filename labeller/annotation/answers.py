"""Answering and undoing. An annotation is a fact: these only ever add rows and mark older ones as superseded."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from labeller.annotation.models import (
    BESIDE_ANSWERS,
    NO_READING,
    NOT_TAKEN_BACK,
    Annotation,
    Lease,
    ServingCounter,
    Source,
)
from labeller.annotation.overlap import Overlap
from labeller.annotation.second_look_serving import settle_second_look, still_waits
from labeller.annotation.serving import LEASE_LASTS, Served, close_expired, free_slot, hand_out, in_hand, turn
from labeller.annotation.signals import tell_annotations_changed
from labeller.annotation.suggestions import guess
from labeller.prepared import Prepared
from labeller.projects.models import Label, Project, User

Status = Annotation.Status
COMMENT_LIMIT = 2000
# Found texts too: else a thousand of them labelled at once would make the audit due for days.
NOT_SERVED = (*NO_READING, Source.SEARCH)


LEASE = Prepared(
    lambda key, project, annotator: Lease.objects.filter(key=key, project_id=project, annotator_id=annotator)[:1],
    key=UUID,
    project=int,
    annotator=int,
)
EARLIER = Prepared(
    lambda key, document, annotator: Annotation.objects.filter(
        Q(key=key) | Q(document_id=document, annotator_id=annotator, superseded_at=None)
    ),
    key=UUID,
    document=int,
    annotator=int,
)
# A label that was merged a moment ago stands on pages that are open still. Who pressed it meant it, and it is read as
# what it became.
KNOWN_LABELS = Prepared(
    lambda project: (
        Label.everything.filter(Q(retired_at=None) | Q(read_as__isnull=False), project_id=project)
        .order_by()
        .values_list("pk")
    ),
    project=int,
)


class AnswerRefused(ValueError):
    """The answer cannot be saved as it is; the message is a sentence for the person who gave it."""


class UndoRefused(ValueError):
    """The answer cannot be taken back; the message says why."""


@dataclass(frozen=True)
class Said:
    """What a person says of a text. `key` is the client's own: a second post of it changes nothing."""

    key: uuid.UUID
    status: str
    label_ids: Collection[int] = ()
    seconds: float | None = None
    comment: str = ""
    guidelines_number: int | None = None  # what the page showed; None: the version of this moment

    @property
    def tidy_comment(self) -> str:
        return self.comment.strip()[:COMMENT_LIMIT]


@dataclass(frozen=True, kw_only=True)
class Given(Said):
    """An answer to a text as it was served."""

    lease_key: uuid.UUID


def answer(
    *,
    project: Project,
    annotator: User,
    lease_key: uuid.UUID,
    key: uuid.UUID,
    status: str,
    label_ids: Collection[int] = (),
    seconds: float | None = None,
    comment: str = "",
) -> Annotation:
    """Save one answer to a text that this person was served. A second post of the same `key` returns the annotation
    that the first one made. An answer to an expired lease is accepted; it is this person's work.

    Raises AnswerRefused with a sentence when the text was not served to this person or the labels do not fit.
    """
    given = Given(key, status, label_ids, seconds, comment, lease_key=lease_key)
    with turn(project) as counter:
        return _answer(counter, project, annotator, given)


def answer_and_serve(*, project: Project, annotator: User, given: Given) -> tuple[Annotation, list[Served]]:
    """The whole cycle of the page in one transaction: `answer`, then `serve`. Raises AnswerRefused."""
    with turn(project) as counter:
        return _answer(counter, project, annotator, given), hand_out(counter, project, annotator)


def _answer(counter: ServingCounter, project: Project, annotator: User, given: Given) -> Annotation:
    lease = LEASE.first(key=given.lease_key, project=project.pk, annotator=annotator.pk)
    earlier, replaced = _earlier(lease, annotator, given)
    if earlier is not None:
        return same_answer(earlier, project, annotator)
    if lease is None:
        raise AnswerRefused("This text was not handed to you in this project. Reload the page for another one.")
    lease.project = project  # known already: no query for it
    labels = checked_labels(project, given.status, given.label_ids)
    now = timezone.now()
    annotation = record(counter, lease, given, labels, replaced, now)
    _close(lease, project, now)
    tell_annotations_changed(project.pk)
    return annotation


def record(
    counter: ServingCounter,
    asked: Lease | Annotation,
    said: Said,
    labels: Collection[int],
    replaced: Collection[Annotation],
    now: datetime,
) -> Annotation:
    """The new row with the facts frozen when the text was asked; `replaced` are superseded by it."""
    stands = False
    if isinstance(asked, Lease) and asked.second_look_id is not None:
        replaced, stands = settle_second_look(asked, said.status, list(replaced))
    if replaced:  # before the insert: the constraint wants one current answer at most
        Annotation.objects.filter(pk__in=[row.pk for row in replaced]).update(superseded_at=now)
    annotation = _create(asked, said, _followed(asked, said, labels), aside_since=now if stands else None)
    if labels:
        through = Annotation.labels.through
        through._default_manager.bulk_create([through(annotation_id=annotation.pk, label_id=label) for label in labels])
    if replaced:
        Annotation.objects.filter(pk__in=[row.pk for row in replaced]).update(superseded_by=annotation)
    count_answers(counter, added=[annotation], removed=replaced)
    return annotation


def undo(*, project: Project, annotator: User, key: uuid.UUID | None = None) -> Annotation | None:
    """Take back this person's newest answer, or the one with this `key`, and put its text in their hands again. What
    it had superseded (a label they imported, their answer from another tab) is current again.

    With a key the call may be repeated without harm. Returns the annotation taken back, or None when there is none.
    Raises UndoRefused when the text is in somebody else's hands by now.
    """
    with turn(project) as counter:
        return _undo(counter, project, annotator, key)


def _undo(counter: ServingCounter, project: Project, annotator: User, key: uuid.UUID | None) -> Annotation | None:
    mine = Annotation.objects.filter(project=project, annotator=annotator).exclude(source__in=BESIDE_ANSWERS)
    if key is not None:
        annotation = mine.filter(key=key).first()
        if annotation is None or (annotation.superseded_at is not None and not annotation.aside):
            return annotation  # undone before, or replaced: there is nothing to take back
    else:
        annotation = mine.filter(NOT_TAKEN_BACK).order_by("-created_at", "-id").first()
        if annotation is None:
            return None
    now = timezone.now()
    Annotation.objects.filter(pk=annotation.pk).update(superseded_at=now, aside=False)
    reinstated = _still_theirs(annotation)
    _make_room(annotation, reinstated, project, now)  # before the reinstated rows count
    if reinstated:
        kept = Annotation.objects.filter(pk__in=[row.pk for row in reinstated])
        kept.update(superseded_at=None, superseded_by=None)
    count_answers(counter, added=reinstated, removed=[annotation])
    tell_annotations_changed(project.pk)
    annotation.superseded_at, annotation.aside = now, False
    return annotation


def _make_room(undone: Annotation, reinstated: list[Annotation], project: Project, now: datetime) -> None:
    """A second look is theirs to give again. A found text goes back to where it was found. Where this person's earlier
    answer stands again there is nothing to ask, but others may have answered since they passed. Else the text is wanted
    from them again. Raises UndoRefused."""
    if _look_again(undone, reinstated, now):
        return
    if undone.aside:
        raise UndoRefused("This text is being looked at again by now, or was, so your skip stays as it is.")
    if undone.source == Source.SEARCH:
        return
    if all(row.source == Source.IMPORT for row in reinstated):
        _reopen(undone, project, now)
        return
    adds_one = undone.status != Status.LABELLED and any(row.status == Status.LABELLED for row in reinstated)
    if adds_one and not wants_another(undone, project, now):
        raise UndoRefused("Others have this text by now, so your skip stays as it is.")


def _look_again(undone: Annotation, reinstated: list[Annotation], now: datetime) -> bool:
    """Open this person's lease on the text again where the answer was a second look. False where it was none, or
    somebody else looks at the text by now or has done so."""
    leases = Lease.objects.filter(document_id=undone.document_id, annotator_id=undone.annotator_id)
    lease = leases.select_related("second_look").order_by("-id").first()
    if lease is None or lease.second_look is None or lease.created_at > undone.created_at:
        return False
    close_expired(undone.document_id, now)
    if lease.closed_at is None or in_hand(undone.document_id).exists():
        return False
    if not reinstated and not still_waits(lease.second_look, undone.document_id):
        return False
    lease.slot, lease.closed_at, lease.expires_at = 0, None, now + LEASE_LASTS
    lease.save(update_fields=["slot", "closed_at", "expires_at"])
    return True


def _still_theirs(undone: Annotation) -> list[Annotation]:
    """What this answer had superseded, except where that person has answered the text anew since."""
    rows = list(undone.supersedes.all())
    others = {row.annotator_id for row in rows if row.annotator_id != undone.annotator_id}
    anew: set[int] = set()
    if others:
        current = Annotation.objects.filter(document_id=undone.document_id, superseded_at=None, annotator_id__in=others)
        anew = set(current.values_list("annotator_id", flat=True))
    return [row for row in rows if row.annotator_id not in anew]


def same_answer(earlier: Annotation, project: Project, annotator: User) -> Annotation:
    """The annotation that a key has made before. Raises AnswerRefused when the key was another's."""
    if earlier.annotator_id != annotator.pk or earlier.project_id != project.pk:
        raise AnswerRefused("This answer's key was used for another answer. Reload the page and answer again.")
    return earlier


def refuse_withdrawn(label_ids: Collection[int], given: Collection[int] = ()) -> None:
    """Raises AnswerRefused for a label that is being split; an answer that has it already may keep it."""
    withdrawn = Label.objects.filter(pk__in=set(label_ids) - set(given), on_offer=False).first()
    if withdrawn is not None:
        raise AnswerRefused(f"“{withdrawn.name}” was split: choose one of the labels it was split into.")


def checked_labels(project: Project, status: str, label_ids: Collection[int]) -> list[int]:
    """The label ids, each once, in order. Raises AnswerRefused when they do not fit the status or the project."""
    wanted = sorted(set(label_ids))
    if status not in Status.values:
        raise AnswerRefused(f"The status {status!r} is not one of: {', '.join(Status.values)}.")
    if status != Status.LABELLED:
        if wanted:
            raise AnswerRefused(f"A text that is {status} takes no labels; {len(wanted)} were given.")
        return []
    if not project.is_multi and len(wanted) != 1:
        raise AnswerRefused(f"Each text of this project takes exactly one label; {len(wanted)} were given.")
    known = {label for (label,) in KNOWN_LABELS.tuples(project=project.pk)} if wanted else set()
    if unknown := [label for label in wanted if label not in known]:
        raise AnswerRefused(f"Label {unknown[0]} is not in this project any more. Reload the page to see its labels.")
    return wanted


def _earlier(lease: Lease | None, annotator: User, given: Given) -> tuple[Annotation | None, list[Annotation]]:
    """(the annotation that this key has made already, if any; this person's current rows that the new one supersedes).

    A skip or an unsure says nothing against a label that the person imported: that stays. So does a decision.
    """
    document = 0 if lease is None else lease.document_id
    found = EARLIER.all(key=given.key, document=document, annotator=annotator.pk)
    same = next((annotation for annotation in found if annotation.key == given.key), None)
    kept = [Source.REVIEW] if given.status == Status.LABELLED else BESIDE_ANSWERS
    return same, [row for row in found if row is not same and row.source not in kept]


def _create(
    asked: Lease | Annotation, said: Said, followed: bool | None, *, aside_since: datetime | None = None
) -> Annotation:
    newest = asked.project.guidelines_number
    shown = newest if said.guidelines_number is None else said.guidelines_number
    return Annotation.objects.create(
        key=said.key,
        project_id=asked.project_id,
        document_id=asked.document_id,
        annotator_id=asked.annotator_id,
        status=said.status,
        source=asked.source,
        reason=asked.reason,
        model_key=asked.model_key,
        prediction=asked.prediction,
        probability=asked.probability,
        pool_size=asked.pool_size,
        suggestion_shown=asked.suggestion_shown,
        suggestion_followed=followed,
        seconds=None if said.seconds is None else max(0.0, said.seconds),
        comment=said.tidy_comment,
        superseded_at=aside_since,
        aside=aside_since is not None,
        guidelines_number=min(shown, newest) or None,
    )


def _followed(asked: Lease | Annotation, said: Said, labels: Collection[int]) -> bool | None:
    """Whether a labelled answer is the model's; None without a prediction, or a label."""
    if not asked.prediction or said.status != Status.LABELLED:
        return None
    return {str(label) for label in labels} == set(guess(asked.prediction, multi_label=asked.project.is_multi))


def _close(lease: Lease, project: Project, now: datetime) -> None:
    if lease.closed_at is None:
        Lease.objects.filter(pk=lease.pk).update(closed_at=now)
        return
    # A late answer: somebody else may hold the text by now. Take it back if it has all the answers it wants.
    if lease.source != Source.GOLD and _answers(lease.document_id, lease.source) >= _wanted(lease, project):
        in_hand(lease.document_id).update(closed_at=now)


def _reopen(annotation: Annotation, project: Project, now: datetime) -> None:
    """Open the newest lease of this person on the text again."""
    document_id = annotation.document_id
    if Annotation.objects.filter(document=document_id, superseded_at=None, source=Source.REVIEW).exists():
        raise UndoRefused("This text was decided in the review since, so this answer stays as it is.")
    close_expired(document_id, now)
    mine = Lease.objects.filter(document_id=document_id, annotator_id=annotation.annotator_id)
    if mine.filter(closed_at=None).exists():
        return
    lease = mine.order_by("-id").first()
    slot = 0 if annotation.source == Source.GOLD else free_slot(document_id, _wanted(annotation, project))
    if slot is None or lease is None or not wants_another(annotation, project, now):
        raise UndoRefused("Somebody else has this text by now, so this answer stays as it is.")
    lease.slot, lease.closed_at, lease.expires_at = slot, None, now + LEASE_LASTS
    lease.save(update_fields=["slot", "closed_at", "expires_at"])


def wants_another(annotation: Annotation, project: Project, now: datetime) -> bool:
    """Whether this text wants one answer more than it has and than other people hold it for. A gold text always does:
    its answers tell of people."""
    if annotation.source == Source.GOLD:
        return True
    others = in_hand(annotation.document_id).filter(expires_at__gt=now).exclude(annotator_id=annotation.annotator_id)
    return _answers(annotation.document_id, annotation.source) + others.count() < _wanted(annotation, project)


def _wanted(served: Annotation | Lease, project: Project) -> int:
    """How many answers this text wants, as it was served."""
    overlap = Overlap.of(project)
    if overlap.share is None or served.source != Source.AUDIT:
        return overlap.of_others
    return overlap.wanted(served.document.draw, audit=True)


def _answers(document_id: int, source: str) -> int:
    """How many of the answers that a text served from `source` wants it has; the audit wants them from people."""
    labelled = Annotation.objects.filter(document_id=document_id, superseded_at=None, status=Status.LABELLED)
    return labelled.exclude(source__in=NO_READING if source == Source.AUDIT else [Source.GOLD]).count()


def count_answers(counter: ServingCounter, *, added: Collection[Annotation], removed: Collection[Annotation]) -> None:
    """Keep the counters equal to the current labelled answers to texts that were served because they want answers."""
    labelled = sum(map(_counts, added)) - sum(map(_counts, removed))
    audit = sum(map(_counts_as_audit, added)) - sum(map(_counts_as_audit, removed))
    counter.labelled = max(0, counter.labelled + labelled)
    counter.audit_labelled = max(0, counter.audit_labelled + audit)
    more: Counter[int] = Counter()  # text -> audit answers that it has more than before
    more.update(row.document_id for row in added if _counts_as_audit(row))
    more.subtract(row.document_id for row in removed if _counts_as_audit(row))
    if any(more.values()):
        counter.audit_repeated = max(0, counter.audit_repeated + _more_repeated(more))


def _more_repeated(more: Counter[int]) -> int:
    """By how much the answers have grown that repeat another one to their text; one answer may replace several."""
    audit = Annotation.objects.filter(
        document_id__in=more, superseded_at=None, source=Source.AUDIT, status=Status.LABELLED
    )
    now = Counter(audit.values_list("document_id", flat=True))
    return sum(max(0, now[text] - 1) - max(0, now[text] - by - 1) for text, by in more.items())


def _counts(annotation: Annotation) -> bool:
    return annotation.status == Status.LABELLED and annotation.source not in NOT_SERVED


def _counts_as_audit(annotation: Annotation) -> bool:
    return _counts(annotation) and annotation.source == Source.AUDIT
