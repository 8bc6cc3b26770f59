"""What a head over some encoder's embeddings says of labelled texts that it has not learnt from."""

from __future__ import annotations

from labeller.learning.bridges.pool import Labelled, PoolArrays
from labeller.learning.bridges.versions import AuditScore, score_audit
from labeller.learning.bridges.words import beside, views_of
from labeller.projects.models import Project
from modelsvc.heads.prototypes import Prototypes
from modelsvc.heads.sureness import NOTHING_KNOWN, Sureness
from modelsvc.types import Look


def score_over(
    project: Project,
    labels: Labelled,
    pool: PoolArrays,
    names: Prototypes | None,
    *,
    tuned: Sureness | None,
    look: Look,
) -> AuditScore:
    """Scored on the audit texts among `labels`, all of which `pool` has read. `tuned`: what heads over it take for
    granted, where the encoder was tuned."""
    rows, _ = pool.rows_of(labels.document_ids)
    views = views_of(project, pool)
    others = beside(views, rows, seed=project.seed)
    return score_audit(
        views[rows],
        labels,
        pool=others,
        multi_label=project.is_multi,
        tuned=tuned is not None,
        seed=project.seed,
        names=names,
        untold=tuned or NOTHING_KNOWN,
        look=look,
    )
