"""What the review page shows: the queues, one text with its answers side by side, the labels to decide by."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from labeller.annotation.review_selectors import QUEUES, Case, Given, case_of, counts, decisions
from labeller.annotation.suggestions import MULTI_SUGGESTED_FROM
from labeller.corpus.models import Document
from labeller.projects.models import Label, Project

LIKELIEST = 3  # labels of the model's view
WITHOUT_LABELS = {"skipped": gettext_noop("skipped"), "unsure": gettext_noop("unsure")}


@dataclass(frozen=True)
class Tab:
    key: str
    name: str  # translated where it is shown
    count: int


@dataclass(frozen=True)
class AnswerRow:
    """One answer in words."""

    given: Given
    said: str
    colour_of: int | None


@dataclass(frozen=True)
class LabelRow:
    label: Label
    chosen: bool
    votes: int  # people who gave it


@dataclass(frozen=True)
class Draft:
    """What somebody chose for a text and could not save, because somebody else was quicker."""

    label_ids: Collection[int]
    comment: str


@dataclass(frozen=True)
class Bench:
    """One text on the table."""

    case: Case
    answers: list[AnswerRow]
    labels: list[LabelRow]  # that may be given
    withdrawn: list[LabelRow]  # that people gave and nobody gives any more: they are being split
    view: list[tuple[str, int]]  # (label, per cent), the likeliest first
    view_how: str
    doubt: str  # what the model would say instead; empty without a doubt
    decided: str  # the decision in words; empty without one
    chosen: str  # the draft in words; empty without one
    chose_none: bool  # the draft says that no label fits
    comment: str
    key: uuid.UUID


def tabs(project: Project) -> list[Tab]:
    """Four queries."""
    waiting = counts(project)
    found = [Tab(key, queue.name, waiting[key]) for key, queue in QUEUES.items()]
    return [*found, Tab("decided", gettext_noop("Decided"), decisions(project))]


def first_with_work(found: list[Tab]) -> str:
    """The queue to begin with."""
    return next((tab.key for tab in found if tab.count and tab.key in QUEUES), found[0].key)


def bench_of(project: Project, document: Document, labels: list[Label], draft: Draft | None = None) -> Bench:
    case = case_of(document)
    names = {label.pk: label.name for label in labels}
    decided = case.decision.label_ids if case.decision else ()
    chosen = decided if draft is None else draft.label_ids
    votes = [label for given in case.given for label in given.label_ids]
    rows = [LabelRow(label, label.pk in chosen, votes.count(label.pk)) for label in labels]
    view = case.view
    return Bench(
        case=case,
        answers=[_row(given, names) for given in case.given],
        labels=[row for row in rows if row.label.on_offer],
        withdrawn=[row for row in rows if not row.label.on_offer and (row.votes or row.chosen)],
        view=_likeliest(view.prediction, names, is_multi=project.is_multi) if view else [],
        view_how=view.how if view else "",
        doubt=in_words(case.doubt.suggested, names) if case.doubt else "",
        decided=in_words(decided, names) if case.decision else "",
        chosen=in_words(draft.label_ids, names) if draft else "",
        chose_none=draft is not None and not draft.label_ids,
        comment=draft.comment if draft else "",
        key=uuid.uuid4(),
    )


def in_words(label_ids: Any, names: dict[int, str]) -> str:
    return ", ".join(names.get(label, _("a deleted label")) for label in label_ids) or _("none of these")


def _row(given: Given, names: dict[int, str]) -> AnswerRow:
    if given.status != "labelled":
        return AnswerRow(given, _(WITHOUT_LABELS[given.status]), None)
    return AnswerRow(given, in_words(given.label_ids, names), next(iter(given.label_ids), None))


def _likeliest(prediction: dict[str, float], names: dict[int, str], *, is_multi: bool) -> list[tuple[str, int]]:
    """With several labels a text also all that count as given."""
    ranked = sorted(prediction.items(), key=lambda item: -item[1])
    shown = [item for at, item in enumerate(ranked) if at < LIKELIEST or (is_multi and item[1] >= MULTI_SUGGESTED_FROM)]
    return [(names[int(label)], round(100 * share)) for label, share in shown if int(label) in names]
