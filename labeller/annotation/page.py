"""What the labelling page knows: the same facts for the template and, as JSON, for its script."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.urls import reverse

from labeller.annotation.models import Source
from labeller.annotation.selectors import LastAnswer, Progress
from labeller.annotation.serving import Served
from labeller.projects.models import Label, Project, User

FILTER_FROM = 13  # labels; fewer are found faster by eye than by typing
MULTI_SUGGESTED_FROM = 0.5


def text_of(project: Project, served: Served) -> dict[str, Any]:
    """A served text for the page, with the suggestion when it may be seen."""
    return {
        "lease": str(served.key),
        "text": served.text,
        "metadata": metadata_of(served),
        "reason": served.reason,
        "suggested": suggested(project, served),
    }


def metadata_of(served: Served) -> list[list[str]]:
    known = [["id", served.external_id]] if served.external_id else []
    return known + [[str(name), str(value)] for name, value in served.metadata.items()]


def suggested(project: Project, served: Served) -> dict[str, float]:
    """Label id -> probability of the labels that the model suggests: the likeliest, or in a project with several
    labels per text all from one half on. None for audit texts: a suggestion seen before the answer would make the
    model look better than it is."""
    hidden = project.suggestions == Project.Suggestions.HIDDEN or served.source == Source.AUDIT
    if hidden or not served.prediction:
        return {}
    if project.is_multi:
        return {label: p for label, p in served.prediction.items() if p >= MULTI_SUGGESTED_FROM}
    likeliest = max(served.prediction, key=served.prediction.__getitem__)
    return {likeliest: served.prediction[likeliest]}


def progress_of(progress: Progress, last: list[LastAnswer]) -> dict[str, Any]:
    return {**asdict(progress), "last": [asdict(answer) for answer in last]}


def script_data(
    project: Project, user: User, labels: list[Label], texts: list[dict[str, Any]], progress: dict[str, Any]
) -> dict[str, Any]:
    """Everything label.js starts from; nothing is written into the script itself."""
    return {
        "store": f"labeller:{project.slug}:{user.pk}",
        "user": user.pk,
        "urls": {name: reverse(f"label-{name}", args=[project.slug]) for name in ("next", "answer", "undo", "status")},
        "csrf_cookie": settings.CSRF_COOKIE_NAME,
        "multi": project.is_multi,
        "guidelines": project.guidelines_number,
        "labels": [{"id": label.pk, "name": label.name, "key": label.hotkey} for label in labels],
        "texts": texts,
        "progress": progress,
    }


def label_rows(labels: list[Label], current: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The labels as the template draws them, with the suggestion's confidence in whole per cent."""
    shown = current["suggested"] if current else {}
    return [
        {"label": label, "percent": round(100 * shown[str(label.pk)]) if str(label.pk) in shown else None}
        for label in labels
    ]


def last_rows(last: list[dict[str, Any]], names: dict[int, str]) -> list[dict[str, Any]]:
    return [{**row, "said": said(row, names), "colour_of": (row["label_ids"] or [None])[0]} for row in last]


def said(row: dict[str, Any], names: dict[int, str]) -> str:
    """An answer in words."""
    if row["status"] != "labelled":
        return str(row["status"])
    return ", ".join(names.get(label, "a deleted label") for label in row["label_ids"]) or "none of these"
