"""Labels that a model doubts which had not learnt them.

The encoder is the one that the project began with, as it came: a tuned one has seen these very labels, and agrees with
their mistakes. Texts of the audit are never doubted: if a model chose which of the texts that measure it are corrected,
its figures would rise by that alone.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from django.db.models import Max
from numpy.typing import NDArray

from labeller.annotation.doubts import LabelDoubt
from labeller.annotation.models import Annotation, Source
from labeller.learning.bridges.frozen import frozen_pool
from labeller.learning.bridges.names import prototypes_of
from labeller.learning.bridges.pool import Ids, Labelled, labelled
from labeller.learning.bridges.ranking import prediction
from labeller.learning.bridges.sample import FITTED_TEXTS, sample
from labeller.learning.bridges.words import beside, views_of
from labeller.learning.runs import Heartbeat
from labeller.projects.models import Project
from modelsvc.annotators.label_errors import suspects
from modelsvc.heads.either import cross_fit

ASKING = "asking a model that has not learnt them"
LEAST_LABELS = 30
MOST_DOUBTS = 1_000


def doubts_of(project: Project, beat: Heartbeat) -> list[LabelDoubt] | None:
    """Rows to write, the most doubtful first; None where too little is labelled for a model to speak."""
    labels = labelled(project)
    labels = labels.only(sample(labels, size=FITTED_TEXTS, seed=project.seed))
    if len(labels.Y) < LEAST_LABELS or labels.kinds < 2:
        return None
    pool = frozen_pool(project, labels.document_ids, partial(beat.tell, ASKING, 0.6))
    rows, found = pool.rows_of(labels.document_ids)
    labels, views = labels.only(found), views_of(project, pool)
    proba, _ = cross_fit(
        views[rows],
        labels.Y,
        multi_label=project.is_multi,
        pool=beside(views, rows, seed=project.seed),
        seed=project.seed,
        names=prototypes_of(project, pool, labels.label_ids),
        look=partial(beat.tell, ASKING, 0.6),
    )
    suspected = suspects(proba, labels.Y, multi_label=project.is_multi)
    wanted = np.flatnonzero(~labels.is_audit[suspected.rows] & ~_decided(project, labels.document_ids[suspected.rows]))
    newest, key = _newest(project, labels.document_ids[suspected.rows]), f"quick-{project.encoder}-{len(labels.Y)}"[:80]
    return [
        LabelDoubt(
            project=project,
            document_id=int(labels.document_ids[row]),
            score=float(suspected.scores[at]),
            given=_ids(labels, labels.Y[row]),
            suggested=_ids(labels, suspected.suggested[at]),
            prediction=prediction(proba[row], labels.label_ids),
            model_key=key,
            answers_until=newest[int(labels.document_ids[row])],
        )
        for at in wanted[:MOST_DOUBTS]
        for row in (int(suspected.rows[at]),)
    ]


def _ids(labels: Labelled, answer: NDArray[np.uint8]) -> list[int]:
    return [labels.label_ids[column] for column in np.flatnonzero(answer)]


def _newest(project: Project, ids: Ids) -> dict[int, int]:
    """Document id -> id of its newest answer, also a skip: answered again since then, a text is doubted no more."""
    current = Annotation.objects.filter(project=project, superseded_at=None, document_id__in=ids.tolist())
    rows = current.exclude(source=Source.GOLD).order_by().values("document_id").annotate(newest=Max("pk"))
    return {row["document_id"]: row["newest"] for row in rows}


def _decided(project: Project, ids: Ids) -> NDArray[np.bool_]:
    """(k,) which of these texts were decided in the review."""
    decisions = Annotation.objects.filter(project=project, superseded_at=None, source=Source.REVIEW)
    return np.isin(ids, np.fromiter(decisions.values_list("document_id", flat=True), np.int64))
