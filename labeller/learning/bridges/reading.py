"""What a new version says of the pool, read off once and kept: the row from which shares of labels, tightened accuracy,
forecast and advice to stop follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from labeller.learning.bridges.pool import Ids, Labelled, draws, reserve
from labeller.learning.bridges.versions import Unseen
from labeller.learning.models import ModelVersion, PoolReading, StopSet
from labeller.learning.triggers import has_outgrown
from labeller.projects.models import Project
from modelsvc.evaluation.agreement import kappa, normalised_entropy, unchanged
from modelsvc.evaluation.assisted_f1 import Expected
from modelsvc.evaluation.ppi import Proxy, confidence
from modelsvc.heads.quick import decide
from modelsvc.types import Head, Proba, Targets

STOP_SET = 2_000  # texts; of a smaller pool all
LEAST_COMPARED = 100  # texts that both versions answered and nobody has labelled
DOUBTFUL = 0.8  # confidence below which a text counts as doubtful
GOLDEN = 0.618_033_988_749_895


@dataclass(frozen=True)
class Reading:
    """One version's view of N texts that its heads have not learnt, and its answers on the stop set."""

    pool_size: int
    multi_label: bool
    confidence: Proxy
    doubtful: float
    entropy: float
    by_label: list[Proxy]  # of the probability, by column
    expected: Expected  # rightly given, wrongly given and missed, by column
    carried: NDArray[np.int64]  # labelled texts that carry each label, by column
    stop_ids: Ids  # (S,) ascending, none of them labelled
    stop_answers: Targets  # (S, C)


def read_off(
    project: Project,
    ids: Ids,
    proba: Proba,
    head: Head,
    labels: Labelled,
    unseen: Unseen,
    *,
    tuned: bool,
) -> Reading:
    """The reading of a head over the texts `ids` (N,), ascending, with its probabilities (N, C). Labelled texts count
    as `unseen` has them, or not at all. `tuned`: the encoder has learnt from texts outside the audit's reserve, so only
    the reserve is asked."""
    known, asked = draws(project.pk), np.ones(len(ids), bool)
    answers = decide(head, proba)
    stop = _in_stop_set(ids, known) & ~np.isin(ids, labels.document_ids)
    stop_answers = answers[stop]
    if tuned and project.audit:
        asked = np.isin(ids, reserve(project))
    asked &= ~np.isin(ids, np.setdiff1d(labels.document_ids, unseen.document_ids))
    proba, answers = proba[asked], answers[asked]
    mine = np.isin(unseen.document_ids, ids[asked])
    at = np.searchsorted(ids[asked], unseen.document_ids[mine])
    proba[at], answers[at] = unseen.proba[mine], unseen.predicted[mine]
    sure = confidence(proba, answers, multi_label=head.multi_label)
    return Reading(
        pool_size=_spoken_for(known[0], reserve(project) if tuned and project.audit else known[0], ids),
        multi_label=head.multi_label,
        confidence=Proxy.of(sure),
        doubtful=float((sure < DOUBTFUL).mean()) if len(sure) else 1.0,
        entropy=normalised_entropy(proba, multi_label=head.multi_label),
        by_label=[Proxy.of(column) for column in proba.T],
        expected=Expected.of(proba, answers),
        carried=(labels.Y > 0).sum(axis=0),
        stop_ids=ids[stop],
        stop_answers=stop_answers,
    )


def _spoken_for(texts: Ids, wanted: Ids, ids: Ids) -> int:
    """How many texts the reading is about: all in the project, or those read where many that should have been asked
    are not yet, after an import."""
    if has_outgrown(len(wanted), texts_at_last=int(np.isin(wanted, ids).sum())):
        return len(ids)
    return max(len(texts), len(ids))


def write_reading(version: ModelVersion, reading: Reading) -> PoolReading:
    """The version's row, compared with the version in use before it. One that is in use from now on leaves its answers
    for the next. Call inside the transaction that writes the version."""
    before = StopSet.objects.filter(project_id=version.project_id).first()
    agreement = _compare(before, version, reading) if before else {}
    row = PoolReading.objects.create(
        version=version,
        pool_size=reading.pool_size,
        texts=reading.confidence.size,
        confidence=reading.confidence.mean,
        confidence_variance=reading.confidence.variance,
        doubtful=reading.doubtful,
        entropy=reading.entropy,
        by_label=[
            {
                "mean": proxy.mean,
                "variance": proxy.variance,
                "given": float(reading.expected.right[c] + reading.expected.wrong[c]),
                "right": float(reading.expected.right[c]),
                "carried": int(reading.carried[c]),
            }
            for c, proxy in enumerate(reading.by_label)
        ],
        **agreement,
    )
    if version.kind == ModelVersion.Kind.QUICK or version.promoted_at is not None:
        kept = {
            "version": version,
            "label_ids": version.label_ids,
            "document_ids": reading.stop_ids.astype("<i8").tobytes(),
            "answers": np.packbits(reading.stop_answers > 0, axis=1).tobytes(),
        }
        StopSet.objects.update_or_create(project_id=version.project_id, defaults=kept)
    return row


def _in_stop_set(ids: Ids, known: tuple[Ids, NDArray[np.float64]]) -> NDArray[np.bool_]:
    """(N,) which texts belong to the fixed part: those whose draw, turned by the golden ratio so that it has nothing to
    do with the audit's reserve, is least."""
    turned = np.mod(known[1] * 1e6 * GOLDEN, 1.0)
    if len(turned) > STOP_SET:
        limit = np.partition(turned, STOP_SET)[STOP_SET]
        return np.isin(ids, known[0][turned < limit])
    return np.isin(ids, known[0])


def _compare(before: StopSet, version: ModelVersion, reading: Reading) -> dict[str, Any]:
    """Agreement on the texts that both answered, over the labels that either knew."""
    ids = np.frombuffer(bytes(before.document_ids), "<i8")
    bits = np.frombuffer(bytes(before.answers), np.uint8).reshape(len(ids), -1)
    common, mine, theirs = np.intersect1d(reading.stop_ids, ids, assume_unique=True, return_indices=True)
    if len(common) < LEAST_COMPARED:
        return {}
    then = np.unpackbits(bits[theirs], axis=1, count=len(before.label_ids))
    columns = {label: at for at, label in enumerate(dict.fromkeys([*version.label_ids, *before.label_ids]))}
    old, new = np.zeros((2, len(common), len(columns)), np.uint8)
    old[:, [columns[label] for label in before.label_ids]] = then
    new[:, [columns[label] for label in version.label_ids]] = reading.stop_answers[mine]
    return {"compared_with": before.version, "kappa": kappa(old, new), "unchanged": unchanged(old, new)}
