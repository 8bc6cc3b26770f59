"""What the labelling page knows: the same facts for the template and, as JSON, for its script."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.urls import reverse

from labeller.annotation.models import Annotation
from labeller.annotation.reasons import in_words
from labeller.annotation.said import said
from labeller.annotation.selectors import LastAnswer, Progress, label_sets
from labeller.annotation.serving import Served
from labeller.annotation.suggestions import suggested
from labeller.projects.models import Label, Project, User

FILTER_FROM = 13  # labels; fewer are found faster by eye than by typing
NAMES = ("next", "answer", "undo", "status", "leave", "words")  # of the addresses that the script posts to
UNDO_REACHES = 25  # answers; so far back also after a reload
LAST_SHOWN = 5


def text_of(project: Project, served: Served) -> dict[str, Any]:
    """A served text for the page, with the suggestion when it may be seen. `until` is the lease's expiry, which the
    page names when it gives the text back.

    A key `window` may be added: `[start, end]` in characters of the text. The page then opens a long text there
    instead of at its beginning, and has a button to the start. Another is `begun`: see begun_of.
    """
    return {
        "lease": str(served.key),
        "until": served.until.isoformat(),
        "text": served.text,
        "metadata": metadata_of(served),
        "reason": in_words(served.reason),
        "suggested": suggested(project, served),
    }


def begun_of(undone: Annotation) -> dict[str, Any]:
    """What an answer that was taken back had ticked and written: it stands beside its text again."""
    return {"ticked": list(label_sets([undone.pk]).get(undone.pk, ())), "comment": undone.comment}


def metadata_of(served: Served) -> list[list[str]]:
    known = [["id", served.external_id]] if served.external_id else []
    return known + [[str(name), str(value)] for name, value in served.metadata.items()]


def progress_of(progress: Progress, last: list[LastAnswer]) -> dict[str, Any]:
    return {**asdict(progress), "last": [asdict(answer) for answer in last]}


def script_data(
    project: Project, user: User, labels: list[Label], texts: list[dict[str, Any]], progress: dict[str, Any]
) -> dict[str, Any]:
    """Everything label.js starts from; nothing is written into the script itself."""
    return {
        "store": f"labeller:{project.slug}:{user.pk}",
        "user": user.pk,
        "urls": {name: reverse(f"label-{name}", args=[project.slug]) for name in NAMES}
        | {"answers": reverse("answers", args=[project.slug])},
        "csrf_cookie": settings.CSRF_COOKIE_NAME,
        "multi": project.is_multi,
        "guidelines": project.guidelines_number,
        "labels": [{"id": label.pk, "name": label.name, "key": label.hotkey} for label in labels],
        "texts": texts,
        "progress": progress,
        "undo_reaches": UNDO_REACHES,
    }


def label_rows(labels: list[Label], current: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The labels as the template draws them, with the suggestion's confidence in whole per cent."""
    shown = current["suggested"] if current else {}
    return [
        {"label": label, "percent": round(100 * shown[str(label.pk)]) if str(label.pk) in shown else None}
        for label in labels
    ]


def last_rows(last: list[dict[str, Any]], names: dict[int, str]) -> list[dict[str, Any]]:
    shown = last[:LAST_SHOWN]
    return [
        {**row, "said": said(row["status"], row["label_ids"], names), "colour_of": (row["label_ids"] or [None])[0]}
        for row in shown
    ]
