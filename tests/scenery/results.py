"""Models and what they are worth."""

from __future__ import annotations

from labeller.learning.models import LoopState, TrainingRun
from labeller.learning.runs import DIED_TWICE
from tests.insight.scored import answered
from tests.insight.tested import add_test_set
from tests.learning.scene import KINDS
from tests.scenery.stage import Seen, Stage

GOLD = [kind for kind, texts in KINDS.items() for _ in texts]


def models(stage: Stage) -> list[Seen]:
    """Two models, the second better; it serves."""
    texts = [text for kind in KINDS.values() for text in kind]
    for wrong in (9, 4):
        version = answered(stage.project, texts, GOLD, ["Other"] * wrong + GOLD[wrong:], kind="full")
    LoopState.objects.create(project=stage.project, serving=version)
    return []


def figures(stage: Stage) -> list[Seen]:
    """Every page of figures, with them and without."""
    add_test_set(stage.project, GOLD[:3])
    label, text = stage.project.labels.all()[0], stage.project.documents.order_by("pk")[0].pk
    pages = ("results", "results-numbers", "results-errors", "results-models", "results-effort", "results-report")
    others = ("results-agreement", "results-machine", "results-test")
    return [
        *(stage.of(name) for name in (*pages, *others, "test-delete")),
        stage.of("results-errors-texts", query=f"?gold={label.pk}"),
        stage.of("results-errors-text", text),
        *(stage.of(name, query="?on=test") for name in ("results", "results-errors", "results-report")),
        stage.of("results-model", 2),
        stage.of("results-compare", query="?a=1&b=2"),
        *(stage.of(name, project=stage.called("Empty")) for name in (*pages, *others)),
    ]


def runs(stage: Stage) -> list[Seen]:
    """One that has failed, one that was done without taking over, one that was stopped."""
    failed = _run(stage, "failed", reason=str(DIED_TWICE[TrainingRun.Kind.FULL]))
    decided = "Not promoted yet: 4 audit labels that both it and the model before have read are too few to compare "
    decided += "them; 10 are needed. It comes again as labels grow."
    return [
        stage.of("results-run", run.key)
        for run in (failed, _run(stage, "done", reason=decided), _run(stage, "cancelled"))
    ]


def _run(stage: Stage, state: str, reason: str = "") -> TrainingRun:
    return TrainingRun.objects.create(project=stage.project, kind="full", state=state, reason=reason)
