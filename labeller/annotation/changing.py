"""A second thought: changing an answer given earlier. The first one stays in the history, superseded."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from labeller.annotation.answers import Said, record, same_answer
from labeller.annotation.answers_wanted import wants_another
from labeller.annotation.given_labels import AnswerRefused, checked_labels, refuse_withdrawn
from labeller.annotation.history import answer_of
from labeller.annotation.in_hand import close_expired
from labeller.annotation.models import BESIDE_ANSWERS, Annotation, Lease, Source
from labeller.annotation.selectors import label_sets
from labeller.annotation.signals import tell_annotations_changed
from labeller.annotation.turn import turn
from labeller.projects.models import Project, User


@dataclass(frozen=True)
class Changed:
    """What became of an answer: `after` is `before` where nothing differs."""

    before: Annotation
    after: Annotation


def change(*, project: Project, annotator: User, answer_key: UUID, said: Said) -> Changed:
    """Supersede this person's answer `answer_key`, or what has replaced it since, by what they say now.

    The new row keeps why the text was asked and what had been predicted before the first answer, so an audit answer
    stays one. A second post of the same key changes nothing. Raises AnswerRefused with a sentence.
    """
    with turn(project) as counter:
        earlier = Annotation.objects.filter(key=said.key).first()
        before = answer_of(project, annotator, answer_key)[1]
        if earlier is not None:
            same = same_answer(earlier, project, annotator)
            return Changed(earlier.supersedes.exclude(source__in=BESIDE_ANSWERS).first() or earlier, same)
        if before is None:
            raise AnswerRefused(_("This answer was taken back meanwhile, so there is nothing to change."))
        before.project = project  # known already: no query for it
        labels = checked_labels(project, said.status, said.label_ids)
        refuse_withdrawn(labels, label_sets([before.pk]).get(before.pk, ()))
        if _same(before, said, labels):
            return Changed(before, before)
        now = timezone.now()
        if _adds_an_answer(before, said):
            close_expired(before.document_id, now)  # renewed on waking they would bring an answer too many
            if not wants_another(before, project, now):
                told = _("Others have this text by now, and it needs no more answers. Yours stays as it is.")
                raise AnswerRefused(told)
        after = record(counter, before, said, labels, _superseded(before, said.status), now)
        Lease.objects.filter(document_id=before.document_id, annotator=annotator, closed_at=None).update(closed_at=now)
        tell_annotations_changed(project.pk)
        return Changed(before, after)


def _same(before: Annotation, said: Said, labels: Collection[int]) -> bool:
    given = label_sets([before.pk]).get(before.pk, ())
    return (before.status, given, before.comment) == (said.status, tuple(labels), said.tidy_comment)


def _adds_an_answer(before: Annotation, said: Said) -> bool:
    """A skip or an unsure that becomes a label: the text may have all the answers it wants by now. One as a gold text
    is none of those it wants."""
    skipped = before.status != Annotation.Status.LABELLED and before.source != Source.GOLD
    return skipped and said.status == Annotation.Status.LABELLED


def _superseded(before: Annotation, status: str) -> list[Annotation]:
    """A label also replaces the one that this person imported (docs/decisions/0008)."""
    if status != Annotation.Status.LABELLED:
        return [before]
    imported = Annotation.objects.filter(
        document_id=before.document_id,
        annotator_id=before.annotator_id,
        source=Source.IMPORT,
        superseded_at=None,
    )
    return [before, *imported]
