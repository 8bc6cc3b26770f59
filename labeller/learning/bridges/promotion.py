"""Whether a tuned encoder may serve: a head over it, its figures on the audit, the comparison with the model before."""

from __future__ import annotations

from dataclasses import dataclass

from labeller.learning.bridges.deciding import audit_decides
from labeller.learning.bridges.later import Facts, compare_without_audit
from labeller.learning.bridges.names import prototypes_of, prototypes_of_both
from labeller.learning.bridges.plain import GivesWay, gives_way, plain_score, worse_than_plain
from labeller.learning.bridges.pool import Labelled, PoolArrays, pool_arrays, reader_of
from labeller.learning.bridges.sample import FITTED_TEXTS, sample
from labeller.learning.bridges.scoring import score_over
from labeller.learning.bridges.versions import AuditScore
from labeller.learning.bridges.words import beside, views_of
from labeller.learning.triggers import ENOUGH_CARRYING, ENOUGH_TO_COMPARE, enough_audit
from labeller.projects.models import Project
from modelsvc.evaluation.paired import compare_answers
from modelsvc.full_run.halves_facts import FACTS, sureness_in
from modelsvc.heads.either import fit
from modelsvc.heads.prototypes import Prototypes
from modelsvc.heads.quick import predict_proba
from modelsvc.heads.sureness import Sureness
from modelsvc.types import Head, Look, Proba, unwatched


@dataclass(frozen=True)
class Judged:
    """A head over a newly tuned encoder, and whether it may serve."""

    head: Head
    labels: Labelled  # those the encoder has read
    audit: AuditScore
    sentence: str
    promoted: bool
    gives_way: GivesWay | None  # what serves, where the encoder as it came should take over again
    pool_proba: Proba  # (N, C) of all it has read
    names: Prototypes | None = None  # what the labels are called
    fitted_on: int = 0  # labelled texts that the head learnt from: where there are very many a sample


def judge(project: Project, snapshot: Labelled, pool: PoolArrays, facts: Facts, look: Look = unwatched) -> Judged:
    """The head on all labels of the snapshot over `pool`, the new encoder's embeddings, compared with what serves.
    `facts` are those of the stage; `look` is called all along and may raise to stop."""
    everything = snapshot.only(pool.rows_of(snapshot.document_ids)[1])
    labels = everything.only(sample(everything, size=FITTED_TEXTS, seed=project.seed))
    rows, views = pool.rows_of(labels.document_ids)[0], views_of(project, pool)
    others = beside(views, rows, seed=project.seed)
    multi, seed = project.is_multi, project.seed
    names, sure = prototypes_of(project, pool, labels.label_ids), sureness_in(facts)
    head = fit(
        views[rows],
        labels.Y,
        pool=others,
        multi_label=multi,
        seed=seed,
        calibrate_on=labels.is_audit,
        names=names,
        untold=sure,
        look=look,
    )
    audit = score_over(project, labels, pool, names, tuned=sure, look=look)
    by_audit = audit_decides(project, snapshot) or (project.audit and not _were_asked(project, facts))
    if by_audit:
        enough = enough_audit(len(snapshot.Y))
        sentence, promoted = _by_audit(project, labels, pool, audit, sure, enough, look)
    else:
        sentence, promoted = compare_without_audit(project, snapshot, head, pool, facts, look)
    back = None if promoted else gives_way(project, snapshot, by_audit=by_audit, look=look)
    proba = predict_proba(head, views)
    return Judged(head, everything, audit, sentence, promoted, back, proba, names, len(labels.Y))


def _were_asked(project: Project, facts: Facts) -> bool:
    """Whether the labels at hand were: not in a run that is gone on with behind a stage of a time when the audit could
    tell, and an answer was taken back since. With several labels they may be too few to ask."""
    return project.is_multi or FACTS[0] in facts


def _by_audit(
    project: Project,
    labels: Labelled,
    pool: PoolArrays,
    audit: AuditScore,
    sure: Sureness,
    enough: int,
    look: Look,
) -> tuple[str, bool]:
    """(The decision in words, whether to promote): beside what serves and beside the encoder as it came. Of fewer than
    `enough` audit texts nothing follows."""
    new, old = on_common_ground(project, labels, pool, audit, sure, look)
    sentence, promoted = compare(new, old, enough=enough, multi_label=project.is_multi, seed=project.seed)
    if not promoted:
        return sentence, False
    if reader_of(project).base is not None:  # else it is the encoder as it came that serves
        new, old = audit, plain_score(project, labels, look)
    worse = worse_than_plain(project, new, old)
    return (worse, False) if worse else (sentence, True)


def on_common_ground(
    project: Project, labels: Labelled, new_pool: PoolArrays, audit: AuditScore, sure: Sureness, look: Look = unwatched
) -> tuple[AuditScore, AuditScore]:
    """(the new model, the one that serves now), each scored on the labelled texts that both have read.

    `new_pool` is the new model's, which has read all labelled texts, `audit` its score on them, and `sure` what it
    takes for granted.
    """
    reader = reader_of(project)
    old_pool = pool_arrays(reader.store_folder)
    both = labels.only(old_pool.rows_of(labels.document_ids)[1])
    names, old_names = prototypes_of_both(project, new_pool, old_pool, labels.label_ids)
    old = score_over(
        project, both, old_pool, old_names, tuned=sureness_in(reader.base.settings) if reader.base else None, look=look
    )
    scored_with = prototypes_of(project, new_pool, labels.label_ids)
    if (names is None) == (scored_with is None) and len(both.Y) == len(labels.Y):
        return audit, old
    return score_over(project, both, new_pool, names, tuned=sure, look=look), old


def compare(
    new: AuditScore, old: AuditScore, *, enough: int = ENOUGH_TO_COMPARE, multi_label: bool = False, seed: int = 0
) -> tuple[str, bool]:
    """(The decision in words, whether to promote). Promoted where nothing speaks against it; without evidence, that is
    with fewer than `enough` audit texts, the model before stays.

    With several labels a text some audit texts must carry one: on all others both models mostly, and rightly, give
    none.
    """
    n, carrying = len(new.document_ids), int(new.gold.any(axis=1).sum())
    read = "both it and the model before have read"
    if n < enough:
        return (
            f"Not promoted yet: {n} audit labels that {read} are too few to compare them; {enough} are"
            " needed. It comes again as labels grow.",
            False,
        )
    if multi_label and carrying < ENOUGH_CARRYING:
        return (
            f"Not promoted yet: of {n} audit texts that {read} {carrying} carry a label; {ENOUGH_CARRYING} are needed"
            " to compare them. It comes again as labels grow.",
            False,
        )
    found = compare_answers(new.predicted, old.predicted, new.gold, multi_label=multi_label, seed=seed)
    counts = f"{found.right} of {found.n} audit texts right, {found.right_before} before"
    if multi_label:
        counts += f"; macro-F1 {found.macro_f1:.2f}, {found.macro_f1_before:.2f} before"
    counts += f" (p of being worse {found.p:.2f})"
    if not found.no_worse:
        return f"Not promoted: {counts}. The model before goes on serving; more labels usually mend this.", False
    return f"Promoted: {counts}.", True
