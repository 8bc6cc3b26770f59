"""Labelling, one's own answers, and the review."""

from __future__ import annotations

from tests.annotation.acts import give, one
from tests.scenery.stage import Seen, Stage


def labelling(stage: Stage) -> list[Seen]:
    """A text to label with each of the page's boxes open, and the page where there is none to give."""
    project = stage.project
    given = give(project, stage.alice, one(project, stage.alice), project.labels.first(), comment="odd")
    return [
        stage.of("label"),
        *(stage.of("label", then=key) for key in "?hc"),
        *(stage.of("label", project=stage.called(name)) for name in ("Several", "Finished", "Empty")),
        stage.of("answers"),
        stage.of("answer-change", given.key),
        stage.of("answers", project=stage.called("Empty")),
    ]


def review(stage: Stage) -> list[Seen]:
    """Disagreement, doubts and gold texts: with something to decide, and with nothing."""
    text = stage.project.documents.order_by("pk")[0].pk
    return [
        *(stage.of(name) for name in ("gold", "gold-accuracy", "review")),
        stage.of("review-text", text),
        *(stage.of(name, project=stage.called("Empty")) for name in ("gold", "gold-accuracy", "review")),
    ]
