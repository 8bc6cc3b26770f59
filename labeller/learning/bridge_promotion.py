"""Whether a tuned encoder may serve: a head over it, its figures on the audit, the comparison with the model before."""

from __future__ import annotations

from dataclasses import dataclass

from labeller.learning.bridge_later import compare_on_later_labels
from labeller.learning.bridge_pool import Labelled, PoolArrays, pool_arrays, reader_of
from labeller.learning.bridge_versions import AuditScore, score_audit
from labeller.projects.models import Project
from modelsvc.evaluate import paired_worse
from modelsvc.quick import fit_head
from modelsvc.types import Embeddings, Head

ENOUGH_TO_COMPARE = 10  # audit labels below which no comparison is worth making
WORSE = 0.1  # one-sided McNemar mid-p below which the new model counts as worse


@dataclass(frozen=True)
class Judged:
    """A head over a newly tuned encoder, and whether it may serve."""

    head: Head
    labels: Labelled  # those the encoder has read
    audit: AuditScore
    sentence: str
    promoted: bool


def judge(project: Project, snapshot: Labelled, pool: PoolArrays) -> Judged:
    """The head on all labels of the snapshot over `pool`, the new encoder's embeddings, compared with what serves."""
    rows, found = pool.rows_of(snapshot.document_ids)
    labels, X = snapshot.only(found), pool.X[rows]
    multi, seed = project.is_multi, project.seed
    head = fit_head(X, labels.Y, multi_label=multi, seed=seed, calibrate_on=labels.is_audit)
    audit = score_audit(X, labels, multi_label=multi, tuned=True, seed=seed)
    if project.audit or len(audit.document_ids) >= ENOUGH_TO_COMPARE:
        sentence, promoted = compare(*on_common_ground(project, labels, X, audit))
    else:  # its manager has a test file
        sentence, promoted = compare_on_later_labels(project, snapshot, head, pool)
    return Judged(head, labels, audit, sentence, promoted)


def on_common_ground(
    project: Project, labels: Labelled, X: Embeddings, audit: AuditScore
) -> tuple[AuditScore, AuditScore]:
    """(the new model, the one that serves now), each scored on the labelled texts that both have read.

    `X` (n, D) and `audit` are the new model's, on all labelled texts.
    """
    reader = reader_of(project)
    pool = pool_arrays(reader.store_folder)
    rows, found = pool.rows_of(labels.document_ids)
    both, multi, seed = labels.only(found), project.is_multi, project.seed
    old = score_audit(pool.X[rows], both, multi_label=multi, tuned=reader.base is not None, seed=seed)
    new = audit if found.all() else score_audit(X[found], both, multi_label=multi, tuned=True, seed=seed)
    return new, old


def compare(new: AuditScore, old: AuditScore) -> tuple[str, bool]:
    """(The decision in words, whether to promote). Promoted on evidence that does not speak against it; without
    evidence the model before stays: an encoder tuned on a dozen texts is as often worse as better."""
    n = len(new.document_ids)
    if n < ENOUGH_TO_COMPARE:
        return (
            f"Not promoted yet: {n} audit labels that both it and the model before have read are too few to compare"
            f" them; {ENOUGH_TO_COMPARE} are needed. It comes again as labels grow.",
            False,
        )
    right, before = int(new.correct.sum()), int(old.correct.sum())
    p = paired_worse(new.correct, old.correct)
    counts = f"{right} of {n} audit texts right, {before} before (p of being worse {p:.2f})"
    if p < WORSE:
        return f"Not promoted: {counts}. The model before goes on serving; more labels usually mend this.", False
    return f"Promoted: {counts}.", True
