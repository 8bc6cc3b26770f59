"""Promotion where no audit can decide: two models asked about the labels that came after both had learnt."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from labeller.learning.bridge_pool import Labelled, PoolArrays, labelled, pool_arrays, reader_of
from labeller.projects.models import Project
from modelsvc.evaluate import paired_worse
from modelsvc.quick import decide, fit_head, predict_proba
from modelsvc.types import Head, Rows, Targets

ENOUGH_LATER = 10  # later labels below which no comparison is worth making
WORSE = 0.1  # one-sided McNemar mid-p below which the new model counts as worse


def compare_on_later_labels(project: Project, snapshot: Labelled, new: Head, pool: PoolArrays) -> tuple[str, bool]:
    """(The decision in words, whether to promote) by the labels given since `snapshot`: test, then train.

    `new` was fitted on the snapshot over `pool`, the embeddings of the tuned encoder. Against it stands a head fitted
    on the same snapshot over the encoder that serves now. Neither has seen the later labels. Most of those texts were
    chosen where the model before was in doubt, so a comparison favours the new one a little: enough for "does not
    speak against it", never for a figure on a page.
    """
    serving = pool_arrays(reader_of(project).store_folder)
    later = _since(project, snapshot)
    later = later.only(pool.rows_of(later.document_ids)[1] & serving.rows_of(later.document_ids)[1])
    n = len(later.Y)
    if n < ENOUGH_LATER:
        return (
            f"Promoted: without an audit only labels given since the run began could speak against it, and {n} are too"
            f" few ({ENOUGH_LATER} are needed).",
            True,
        )
    right = _correct(new, pool, pool.rows_of(later.document_ids)[0], later.Y)
    before = _correct(
        _head_before(project, snapshot, serving), serving, serving.rows_of(later.document_ids)[0], later.Y
    )
    p = paired_worse(right, before)
    counts = f"{int(right.sum())} of {n} labels given since it began foretold, {int(before.sum())} before"
    if p < WORSE:
        return f"Not promoted: {counts} (p of being worse {p:.2f}). The model before goes on serving.", False
    return f"Promoted: {counts} (p of being worse {p:.2f}).", True


def _since(project: Project, snapshot: Labelled) -> Labelled:
    """Texts first answered after the snapshot; under the labels of that time, or none when these have changed."""
    now = labelled(project)
    if now.label_ids != snapshot.label_ids:
        return now.only(np.zeros(0, np.int64))
    return now.only(~np.isin(now.document_ids, snapshot.document_ids))


def _head_before(project: Project, snapshot: Labelled, serving: PoolArrays) -> Head:
    rows, found = serving.rows_of(snapshot.document_ids)
    return fit_head(serving.X[rows], snapshot.Y[found], multi_label=project.is_multi, seed=project.seed)


def _correct(head: Head, pool: PoolArrays, rows: Rows, Y: Targets) -> NDArray[np.bool_]:
    """(n,) whether the whole answer is right."""
    right: NDArray[np.bool_] = (decide(head, predict_proba(head, pool.X[rows])) == Y).all(axis=1)
    return right
