"""Promotion where no audit can decide: two models asked about labels that neither has learnt, those that came later or
those of the other half."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from labeller.learning.bridges.deciding import another_serves
from labeller.learning.bridges.names import prototypes_of
from labeller.learning.bridges.pool import Labelled, PoolArrays, labelled, pool_arrays, reader_of
from labeller.learning.bridges.sample import FITTED_TEXTS, sample
from labeller.learning.bridges.versions import sureness_of
from labeller.learning.bridges.words import beside, views_of
from labeller.learning.triggers import ENOUGH_CARRYING
from labeller.projects.models import Project
from modelsvc.evaluation.paired import compare_answers
from modelsvc.full_run.halves_facts import FACTS, LABELS, PSEUDO, RANKED, speak_against
from modelsvc.heads.either import fit
from modelsvc.heads.quick import decide, predict_proba
from modelsvc.heads.sureness import NOTHING_KNOWN
from modelsvc.types import Head, Look, Targets, unwatched

Facts = Mapping[str, float | str]

ENOUGH_LATER = 10  # later labels below which no comparison is worth making


def compare_without_audit(
    project: Project, snapshot: Labelled, new: Head, pool: PoolArrays, facts: Facts, look: Look = unwatched
) -> tuple[str, bool]:
    """(The decision in words, whether to promote). What the labels at hand say of tuning, in the `facts` of a stage,
    can speak against it whatever comes later; then the labels given since, where there are enough; then the facts
    again, where there are any. Of a model beside one that was tuned from another encoder they know nothing."""
    another = another_serves(project)
    said = None if another else _by_halves(facts)
    if said is not None and not said[1]:
        return said
    found = _on_later_labels(project, snapshot, new, pool, look) or said
    if found is None and project.is_multi and not another:
        return _too_few_to_order(int(snapshot.Y[snapshot.may_teach].any(axis=1).sum()))
    return found or _too_few_later()


def _by_halves(facts: Facts) -> tuple[str, bool] | None:
    """By how each half of the labels was foretold by models of the other half (modelsvc/full_run/halves.py)."""
    n = float(facts.get(LABELS, facts.get("labels", 0)))  # those asked: of a run that went on, the labels are today's
    if all(name in facts for name in ("labels", *FACTS)):
        right, frozen, p = (float(facts[name]) for name in FACTS)
        found = (
            f"of {n:,.0f} labels, each half foretold by models of the other half, the tuned"
            f" encoder had {right:,.0f} right and the encoder as it came {frozen:,.0f} (p of being worse {p:.2f})."
        )
    elif all(name in facts for name in ("labels", *RANKED)):
        precision, frozen, p = (float(facts[name]) for name in RANKED)
        found = (
            f"of {n:,.0f} labels, each half put in order by models of the other half, the tuned"
            f" encoder had an average precision of {precision:.2f} and the encoder as it came {frozen:.2f}"
            f" (p of being worse {p:.3f})."
        )
    else:
        return None
    if speak_against(facts):
        return f"Not promoted: {found} The model before goes on serving.", False
    # What teaches from the pool is gated by how right such a model was, but nobody asked the labels about its students.
    beyond = " Its students, which learn from the pool, were not asked: that they help is expected, not shown here."
    return f"Promoted: {found}{beyond if PSEUDO in facts else ''}", True


def _on_later_labels(
    project: Project, snapshot: Labelled, new: Head, pool: PoolArrays, look: Look
) -> tuple[str, bool] | None:
    """By the labels given since `snapshot`: test, then train. None where they are too few.

    `new` was fitted on the snapshot over `pool`, the embeddings of the tuned encoder. Against it stands a head fitted
    on the same snapshot over the encoder that serves now. Neither has seen the later labels. Most of those texts were
    chosen where the model before was in doubt, so a comparison favours the new one a little: enough to put it into
    service, never for a figure on a page.
    """
    serving = pool_arrays(reader_of(project).store_folder)
    later = _since(project, snapshot)
    later = later.only(pool.rows_of(later.document_ids)[1] & serving.rows_of(later.document_ids)[1])
    n = len(later.Y)
    if n < ENOUGH_LATER or (project.is_multi and int(later.Y.any(axis=1).sum()) < ENOUGH_CARRYING):
        return None
    found = compare_answers(
        _answers(project, new, pool, later),
        _answers(project, _head_before(project, snapshot, serving, look), serving, later),
        later.Y,
        multi_label=project.is_multi,
        seed=project.seed,
    )
    counts = f"{found.right} of {n} labels given since it began foretold, {found.right_before} before"
    if not found.no_worse:
        return f"Not promoted: {counts} (p of being worse {found.p:.2f}). The model before goes on serving.", False
    return f"Promoted: {counts} (p of being worse {found.p:.2f}).", True


def _too_few_later() -> tuple[str, bool]:
    """Where halves were not asked, or cannot say: they hold a tuned encoder against the one it came from alone."""
    return (
        "Not promoted yet: only labels given since the run began could compare it with the model before, and they are"
        f" too few; {ENOUGH_LATER} are needed. It comes again as labels grow.",
        False,
    )


def _too_few_to_order(carrying: int) -> tuple[str, bool]:
    """With several labels a text, most of them rare, a tuned encoder is often behind while examples are few."""
    return (
        f"Not promoted: {carrying} texts that carry a label are too few to compare models of one half of them on the"
        " other half: of each label both halves need examples. The model before goes on serving; more of them mend"
        " this.",
        False,
    )


def _since(project: Project, snapshot: Labelled) -> Labelled:
    """Texts first answered after the snapshot; under the labels of that time, or none when these have changed."""
    now = labelled(project)
    if now.label_ids != snapshot.label_ids:
        return now.only(np.zeros(0, np.int64))
    return now.only(~np.isin(now.document_ids, snapshot.document_ids))


def _head_before(project: Project, snapshot: Labelled, serving: PoolArrays, look: Look) -> Head:
    labels = snapshot.only(serving.rows_of(snapshot.document_ids)[1])
    labels = labels.only(sample(labels, size=FITTED_TEXTS, seed=project.seed))
    rows, _ = serving.rows_of(labels.document_ids)
    views, seed = views_of(project, serving), project.seed
    others = beside(views, rows, seed=seed)
    # As the one that serves: a tuned encoder has seen these texts, whose answers say nothing of how to mix.
    base = reader_of(project).base
    unseen = np.zeros(len(rows), bool) if base else None
    multi = project.is_multi
    return fit(
        views[rows],
        labels.Y,
        pool=others,
        multi_label=multi,
        seed=seed,
        calibrate_on=unseen,
        names=prototypes_of(project, serving, snapshot.label_ids),
        untold=sureness_of(base) if base else NOTHING_KNOWN,
        look=look,
    )


def _answers(project: Project, head: Head, pool: PoolArrays, labels: Labelled) -> Targets:
    """(n, C) what the head says of these texts."""
    rows, _ = pool.rows_of(labels.document_ids)
    return decide(head, predict_proba(head, views_of(project, pool)[rows]))
