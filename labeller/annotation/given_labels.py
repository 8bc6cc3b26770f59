"""Which labels an answer may give."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q
from django.utils.translation import gettext as _

from labeller.annotation.models import Annotation
from labeller.annotation.said import said_of
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
        told = _("“%(label)s” was split: choose one of the labels it was split into.")
        raise AnswerRefused(told % {"label": withdrawn.name})


def refuse_unsaid(project: Project, status: str, label_ids: Collection[int], *, none: bool) -> None:
    """Raises AnswerRefused where a text may have several labels, none is ticked, and nobody said that `none` fits: a
    button pressed too early is no answer."""
    if project.is_multi and status == Status.LABELLED and not label_ids and not none:
        raise AnswerRefused(_("No label is ticked. Tick every label that fits, or press “None of these”."))


def checked_labels(project: Project, status: str, label_ids: Collection[int]) -> list[int]:
    """The label ids, each once, in order. Raises AnswerRefused when they do not fit the status or the project."""
    wanted = sorted(set(label_ids))
    if status not in Status.values:
        told = _("The status “%(status)s” is not one of: %(known)s.")
        raise AnswerRefused(told % {"status": status, "known": ", ".join(Status.values)})
    if status != Status.LABELLED:
        if wanted:
            told = _("A text that is %(status)s takes no labels; %(n)s were given.")
            raise AnswerRefused(told % {"status": said_of(status), "n": len(wanted)})
        return []
    if not project.is_multi and len(wanted) != 1:
        told = _("Each text of this project takes exactly one label; %(n)s were given.")
        raise AnswerRefused(told % {"n": len(wanted)})
    known = {label for (label,) in KNOWN_LABELS.tuples(project=project.pk)} if wanted else set()
    if unknown := [label for label in wanted if label not in known]:
        raise AnswerRefused(_gone(project, unknown[0]))
    return wanted


def _gone(project: Project, label_id: int) -> str:
    name = Label.everything.filter(project=project, pk=label_id).values_list("name", flat=True).first()
    if name is None:
        return _("That label is not in this project any more. Reload the page to see its labels.")
    told = _("“%(label)s” is not in this project any more. Reload the page to see its labels.")
    return told % {"label": name}
