"""The state of the loop: who works, what runs, what is wrong, which encoder is proposed, what can be taken away.

Workers are the whole installation's, so these pages come last, each in the state that it is given.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from django.utils import timezone

from labeller.annotation.models import Ranking
from labeller.learning.models import EncoderCheck, LoopState, ModelExport, TrainingRun, WorkerPulse
from labeller.learning.reasons import OUT_OF_MEMORY
from labeller.learning.runs import EXPORT_DIED_TWICE
from tests.scenery.stage import Seen, Stage

SCORES = [
    {"encoder": "legal-bert", "right": 41, "score": 0.81, "only_this": 9, "only_current": 1, "p": 0.0107},
    {"encoder": "all-MiniLM-L6-v2", "right": 33, "score": 0.62, "only_this": None, "only_current": None, "p": None},
]

NOWHERE = "There is no encoder folder '/srv/models/legal-bert'."


def states(stage: Stage) -> list[Seen]:
    """The project's first page and the places of exports, state after state."""
    _check(stage)

    def seen(given: Callable[[], object]) -> Seen:
        return replace(stage.of("project"), given=given)

    return [
        *_exports(stage),
        seen(lambda: _alive("training")),
        seen(lambda: _alive("quick")),
        seen(lambda: _ranked(stage, 0)),
        seen(lambda: _ranked(stage, 40)),
        seen(lambda: _running(stage)),
        seen(lambda: LoopState.objects.update(refresh_error=OUT_OF_MEMORY)),
    ]


def _alive(cluster: str) -> None:
    """For as long as the test takes."""
    later = timezone.now() + timedelta(hours=1)
    WorkerPulse.objects.create(cluster=cluster, process=f"host:{cluster}", seen_at=later)


def _ranked(stage: Stage, labels: int) -> None:
    name = "the quick model" if labels else "groups of similar texts, before there is a model"
    facts = {"model_key": "quick" if labels else "", "model_name": name, "labels_seen": labels}
    Ranking.objects.update_or_create(project=stage.project, defaults=facts | {"ranked_at": timezone.now()})


def _running(stage: Stage) -> None:
    """A full run in the middle, and a reading whose worker is silent."""
    now = timezone.now()
    facts = {"project": stage.project, "state": "running", "progress": 0.4, "seconds_left": 80.0}
    TrainingRun.objects.create(kind="full", stage="fine-tuning (40 labels)", heartbeat_at=now, **facts)
    silent = now - timedelta(seconds=15)
    TrainingRun.objects.create(kind="embed", stage="embedding", heartbeat_at=silent, **facts)


def _check(stage: Stage) -> None:
    """Another encoder is proposed; a third could not be read."""
    scores = [score | {"texts_per_second": 210.5} for score in SCORES]
    found = {
        "texts": 50,
        "measure": "accuracy",
        "scores": scores,
        "failed": {"legal-bert": NOWHERE},
    }
    EncoderCheck.objects.create(
        project=stage.project, current=stage.project.encoder, proposed="legal-bert", n_labels=60, result=found
    )


def _exports(stage: Stage) -> list[Seen]:
    version = stage.project.versions.get(number=2)
    checked = {"texts": 20, "largest_difference": 0.000001}
    made = [
        ModelExport.objects.create(version=version, state="queued"),
        ModelExport.objects.create(version=version, state="failed", reason=str(EXPORT_DIED_TWICE)),
        ModelExport.objects.create(version=version, state="done", size=83_000_000, check_result=checked, path="x.zip"),
    ]
    return [stage.of("model-export-status", export.key) for export in made]
