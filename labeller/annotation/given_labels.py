"""Which labels an answer may give."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q

from labeller.annotation.models import Annotation
from labeller.prepared import Prepared
from labeller.projects.models import Label, Project

Status = Annotation.Status


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
