"""The control arm: what labels in the order they came taught, beside what those drawn at random taught alone.

The encoder is the one that the project began with, as it came: a tuned one has seen labels that a model chose, and
would carry their worth into both arms. Labels of a file stay out of it: no order of ours brought them.
"""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labeller.annotation.models import Source
from labeller.annotation.selectors import GoldRow, current_labels
from labeller.learning import artifacts
from labeller.learning.bridges.frozen import frozen_pool
from labeller.learning.bridges.names import prototypes_of
from labeller.learning.bridges.pool import Labelled, PoolArrays, labelled
from labeller.learning.bridges.running import columns_of, overall_metrics
from labeller.learning.bridges.words import beside, views_of
from labeller.learning.measures import OrderComparison
from labeller.learning.models import TrainingRun
from labeller.learning.runs import Heartbeat
from labeller.projects.models import Project
from modelsvc.evaluation.orders import Taught, counts, teach_in_order
from modelsvc.evaluation.saving import labels_saved
from modelsvc.stores.store import EmbeddingStore
from modelsvc.types import Rows, Targets

MOST_LABELS = 3_000  # the first so many labels are compared: later ones add minutes, and little to what is known
LEAST_AUDIT = 30
READING = "reading what was labelled with the encoder as it came"
NOT_OURS = (Source.IMPORT, Source.GOLD, Source.SEARCH)


def compare_orders(run: TrainingRun, beat: Heartbeat) -> OrderComparison | None:
    """Teach both arms; what came out, not stored yet. None with too few audit texts, or random labels of one kind."""
    started, project = time.perf_counter(), run.project
    rows = _first_labels(project)
    labels = labelled(project, rows)
    if int(labels.is_audit.sum()) < LEAST_AUDIT or labels.only(_at_random(labels, rows)).kinds < 2:
        return None
    pool = frozen_pool(project, labels.document_ids, partial(beat.tell, READING, 0.05))
    at, found = pool.rows_of(labels.document_ids)
    labels = labels.only(found)
    is_random = _at_random(labels, rows)
    views = views_of(project, pool)
    in_time = np.argsort(labels.answered_at, kind="stable")
    judged = np.flatnonzero(labels.is_audit)
    others, progress = beside(views, at, seed=project.seed), _Teaching(beat, in_time, is_random)
    told: dict[str, Any] = {"texts": views[at], "Y": labels.Y, "judged": judged, "pool": others}
    told |= {"on_head": progress.on_head, "look": progress.look}
    told |= {"multi_label": project.is_multi, "seed": project.seed}
    told["names"] = prototypes_of(project, pool, labels.label_ids)
    taught = {
        "chosen": teach_in_order(order=in_time, **told),
        "random": teach_in_order(order=in_time[is_random[in_time]], **told),
    }
    return _made(project, labels, pool, taught, n_random=int(is_random.sum()), started=started)


def _first_labels(project: Project) -> list[GoldRow]:
    """The labels that our orders brought, the first of them where there are very many; by document."""
    ours = (row for row in current_labels(project) if row.source not in NOT_OURS)
    in_time = sorted(ours, key=lambda row: row.created_at)
    return sorted(in_time[:MOST_LABELS], key=lambda row: row.document_id)


def _at_random(labels: Labelled, rows: list[GoldRow]) -> NDArray[np.bool_]:
    """(n,) which texts no model chose and nobody looked for."""
    drawn = [row.document_id for row in rows if row.is_audit or row.source == Source.RANDOM]
    return np.isin(labels.document_ids, np.array(drawn, np.int64))


class _Teaching:
    """Progress by the labels that heads have learnt from, of both arms."""

    def __init__(self, beat: Heartbeat, in_time: Rows, is_random: NDArray[np.bool_]) -> None:
        self.beat, self.heads = beat, 0
        self.sizes = counts(len(in_time)) + counts(int(is_random.sum()))

    def on_head(self) -> None:
        self.heads += 1
        self.look()

    def look(self) -> None:
        """While a head is fitted. Raises Superseded, CancelRequested."""
        done = sum(self.sizes[: self.heads]) / (sum(self.sizes) or 1)
        self.beat.tell("comparing orders of labelling", 0.1 + 0.8 * min(1.0, done))


def _made(
    project: Project, labels: Labelled, pool: PoolArrays, taught: dict[str, Taught], *, n_random: int, started: float
) -> OrderComparison:
    gold = labels.Y[labels.is_audit]
    saved = labels_saved(
        taught["chosen"].arm, taught["random"].arm, gold, multi_label=project.is_multi, seed=project.seed
    )
    return OrderComparison(
        project=project,
        n_labels=len(labels.Y),
        n_random=n_random,
        n_audit=len(gold),
        encoder=project.encoder,
        encoder_sha256=EmbeddingStore(artifacts.embeddings_folder(project.pk, project.encoder)).sha256,
        label_ids=labels.label_ids,
        document_ids=labels.document_ids[labels.is_audit].tolist(),
        gold=columns_of(gold),
        answers={key: [columns_of(answer) for answer in one.arm.answers] for key, one in taught.items()},
        curves={key: _curve(project, one, gold) for key, one in taught.items()},
        saved=saved.to_dict(),
        seed=project.seed,
        duration_s=time.perf_counter() - started,
    )


def _curve(project: Project, taught: Taught, gold: Targets) -> list[dict[str, Any]]:
    return [
        {
            "labels": given,
            "learnt": float(learnt),
            "metrics": overall_metrics(gold, answer, multi_label=project.is_multi, seed=project.seed),
        }
        for given, learnt, answer in zip(taught.given, taught.arm.learnt, taught.arm.answers, strict=True)
    ]
