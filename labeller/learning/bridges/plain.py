"""The encoder as it came beside tuned ones: it keeps a new one out, and takes over again from one that serves.

Tuning is no sure gain: on some texts a tuned encoder reads worse (benchmarks/LOG.md), and the first labels cannot
always tell. So nothing serves that is seen behind the plain encoder, and what got into service by luck leaves it again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from labeller.annotation.selectors import labels_by
from labeller.learning.bridges.frozen import frozen_pool
from labeller.learning.bridges.later import ENOUGH_LATER
from labeller.learning.bridges.names import prototypes_of, prototypes_of_both
from labeller.learning.bridges.order import in_order
from labeller.learning.bridges.pool import Labelled, pool_arrays, reader_of
from labeller.learning.bridges.sample import FITTED_TEXTS, sample
from labeller.learning.bridges.scoring import score_over
from labeller.learning.bridges.versions import AuditScore
from labeller.learning.id_ranges import unpack
from labeller.learning.models import ModelVersion, VersionSnapshot
from labeller.learning.triggers import ENOUGH_CARRYING
from labeller.projects.models import Project
from modelsvc.evaluation.paired import Comparison, compare_answers
from modelsvc.full_run.halves_facts import sureness_in
from modelsvc.types import Look, unwatched

# p of being worse below which a tuned encoder that serves gives way where there is no audit. It takes more than to be
# behind: those texts were asked because it was in doubt of them, which speaks for any other.
BEHIND_ON_LATER = 0.05


@dataclass(frozen=True)
class GivesWay:
    """A tuned encoder that is to serve no more, and why."""

    version_id: int
    sentence: str


def plain_score(project: Project, labels: Labelled, look: Look = unwatched) -> AuditScore:
    """What a head over the encoder as it came says of the audit texts among `labels`, cross-fitted."""
    pool = frozen_pool(project, labels.document_ids, look)
    names = prototypes_of(project, pool, labels.label_ids)
    return score_over(project, labels, pool, names, tuned=None, look=look)


def worse_than_plain(project: Project, new: AuditScore, plain: AuditScore) -> str:
    """Why a new tuned encoder may not serve; empty where the audit does not see it behind the encoder as it came. Both
    scored on the same texts."""
    found = _compared(project, new, plain)
    if not found.is_behind:
        return ""
    said = _counts(found, "audit texts right", project.is_multi)
    return f"Not promoted: {said} The model before goes on serving; more labels usually mend this."


def gives_way(project: Project, labels: Labelled, *, by_audit: bool, look: Look = unwatched) -> GivesWay | None:
    """The tuned encoder that serves, where it should give way to the encoder as it came. Asked of the audit texts, or,
    without them, of texts labelled since it learnt: it has seen no label of either."""
    reader = reader_of(project)
    base = reader.base
    if base is None or base.encoder != project.encoder:  # another one to begin from has not read the pool yet
        return None
    pool = pool_arrays(reader.store_folder)
    both = labels.only(pool.rows_of(labels.document_ids)[1])
    asked = replace(both, is_audit=both.is_audit if by_audit else _labelled_since(base, both))
    asked = asked.only(sample(asked, size=FITTED_TEXTS, seed=project.seed))
    if not _enough(project, asked):
        return None
    plain_pool = frozen_pool(project, asked.document_ids, look)
    names, plain_names = prototypes_of_both(project, pool, plain_pool, asked.label_ids)
    tuned = score_over(project, asked, pool, names, tuned=sureness_in(base.settings), look=look)
    plain = score_over(project, asked, plain_pool, plain_names, tuned=None, look=look)
    found = _compared(project, tuned, plain)
    if not (found.is_behind if by_audit else found.p < BEHIND_ON_LATER):
        return None
    frozen_pool(project, in_order(project.pk), look)  # what came while the tuned one served, before it takes over
    what = "audit texts right" if by_audit else "labels given since it learnt foretold"
    said = f"{base} gives way to the encoder as it came: {_counts(found, what, project.is_multi)}"
    return GivesWay(base.pk, said)


def _enough(project: Project, asked: Labelled) -> bool:
    """Whether so many texts can tell two models apart."""
    gold = asked.Y[asked.is_audit]
    carrying = int(gold.any(axis=1).sum())
    return asked.kinds >= 2 and len(gold) >= ENOUGH_LATER and (not project.is_multi or carrying >= ENOUGH_CARRYING)


def _compared(project: Project, tuned: AuditScore, plain: AuditScore) -> Comparison:
    return compare_answers(
        tuned.predicted, plain.predicted, plain.gold, multi_label=project.is_multi, seed=project.seed
    )


def _labelled_since(base: ModelVersion, labels: Labelled) -> NDArray[np.bool_]:
    """(n,) which of these texts it learnt nothing of; none where what it learnt from was not kept."""
    kept = VersionSnapshot.objects.filter(version=base).first()
    if kept is None:
        return np.zeros(len(labels.Y), np.bool_)
    learnt = [row.document_id for row in labels_by(base.project, unpack(kept.annotations), base.label_ids)]
    return ~np.isin(labels.document_ids, np.array(learnt, np.int64))


def _counts(found: Comparison, what: str, is_multi: bool) -> str:
    counts = f"{found.right} of {found.n} {what}, {found.right_before} by the encoder as it came"
    if is_multi:
        counts += f"; macro-F1 {found.macro_f1:.2f}, {found.macro_f1_before:.2f} by the encoder as it came"
    return f"{counts} (p of being worse {found.p:.2f})."
