"""What follows from a version's reading of the pool: tightened accuracy, each label's share, a forecast, advice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from django.db.models import Q
from numpy.typing import NDArray

from labeller.annotation.audit_sample import sample_of_today
from labeller.learning.bridges.pool import draws
from labeller.learning.bridges.versions import Made, as_frozen
from labeller.learning.models import ModelVersion, PoolReading
from labeller.learning.signals import tell_stop_advised
from labeller.learning.triggers import ENOUGH_AUDIT, has_outgrown, is_milestone
from modelsvc.evaluation.assisted_f1 import Expected, assisted_figures
from modelsvc.evaluation.few_wrong import with_few_wrong
from modelsvc.evaluation.forecast import Points, forecast, point
from modelsvc.evaluation.ppi import Proxy, confidence, tightened_share
from modelsvc.evaluation.stopping import LIMITS, Signs, Word, advise
from modelsvc.types import Targets


@dataclass(frozen=True)
class Judged:
    """The audit texts' predictions as they are kept, and their answers."""

    proba: NDArray[np.float64]  # (a, C) as AuditPrediction has them
    predicted: Targets  # (a, C)
    gold: Targets  # (a, C)
    multi_label: bool
    seed: int

    def below(self, draw: NDArray[np.float64], limit: float) -> Judged:
        """Those whose `draw` (a,) is less: a uniform sample of the pool, where not all are one."""
        keep = draw < limit
        return replace(self, proba=self.proba[keep], predicted=self.predicted[keep], gold=self.gold[keep])


def keep_outlook(version: ModelVersion, row: PoolReading, made: Made) -> None:
    """Work out what the row allows and keep it there. A model that was not put into service is measured like the
    others; forecast and advice are about those in use."""
    ids, draw = draws(made.project.pk)
    draw = draw[np.searchsorted(ids, made.audit.document_ids)]  # (a,)
    sample = sample_of_today(made.project, dict(zip(made.audit.document_ids.tolist(), draw.tolist(), strict=True)))
    # A reader goes by the draws, not by age: soon after an import it has met one of the newest texts.
    pool = int(np.searchsorted(ids, made.looked_at.max(initial=0), side="right"))
    row.audit_sample = replace(sample, pool=pool).to_dict()
    if sample.texts >= ENOUGH_AUDIT:
        proba = np.array(as_frozen(made.audit.proba), np.float64)
        judged = Judged(proba, made.audit.predicted, made.audit.gold, made.head.multi_label, made.seed)
        for name, figure in audit_figures(row, judged.below(draw, sample.below)).items():
            setattr(row, name, figure)
    row.save()
    if was_in_use(version):
        row.forecast = forecast_at(row)
        advice = advise(signs_at(version, row, _seen(made)))
        row.advice = advice.to_dict()
        row.save(update_fields=["forecast", "advice"])
        if advice.word == Word.STOP:
            tell_stop_advised(version.project_id, labels=version.n_labels)


def audit_figures(
    row: PoolReading, judged: Judged, *, unmet_open: bool = True, few_doubted: bool = True
) -> dict[str, Any]:
    """Accuracy, macro-F1, each label's figures and shares, by field of the row: all from the audit texts and what the
    row says of the pool. Where no audit text carries a label, or with one label a text few are wrong, there is neither
    macro-F1 nor a label's figures. `unmet_open` as in assisted_figures; figures from before few mistakes were a reason
    for doubt have `few_doubted` False."""
    sure = confidence(judged.proba, judged.predicted, multi_label=judged.multi_label)
    correct: NDArray[np.bool_] = (judged.predicted == judged.gold).all(axis=1)
    off = correct - sure
    everywhere = Proxy(row.texts, row.confidence, row.confidence_variance)
    found = assisted_figures(
        judged.gold,
        judged.predicted,
        judged.proba,
        _expected(row),
        seed=judged.seed,
        carried=_carried(row),
        unmet_open=unmet_open,
    )
    if few_doubted:
        found = with_few_wrong(found, judged.gold, judged.predicted, multi_label=judged.multi_label, seed=judged.seed)
    rules = ({"unmet": found.unmet} if found and unmet_open else {}) | ({"few_doubted": True} if few_doubted else {})
    f1 = None if found is None else asdict(found.macro_f1) | rules
    return {
        "off": float(off.mean()),
        "off_variance": float(off.var()),
        "tightened": asdict(tightened_share(correct, sure, everywhere)),
        "tightened_f1": f1,
        "tightened_labels": [] if found is None else [asdict(label) for label in found.labels],
        "shares": _shares(row, judged),
    }


def forecast_at(row: PoolReading) -> dict[str, Any] | None:
    """The forecast of the moment it was made, as a dict, with the gain of as many labels again or of all that the pool
    still has; None with too few points."""
    found = forecast(points_at(row.version), seed=row.version.seed)
    if found is None:
        return None
    more = max(0, min(found.labels, row.pool_size - found.labels))
    return found.to_dict() | {"more": more, "gain": list(found.gain(more))}


def was_in_use(version: ModelVersion) -> bool:
    """Whether it was put into service as it was made, whatever became of it later."""
    return version.kind == ModelVersion.Kind.QUICK or version.promoted_by_run


def _in_use_at(version: ModelVersion) -> Q:
    """Readings of the versions in use so far when this one was made: what was promoted later was not, then."""
    in_use = Q(version__kind=ModelVersion.Kind.QUICK) | Q(version__promoted_at__lte=version.created_at)
    return in_use & Q(version__project=version.project_id, version__number__lte=version.number)


def _expected(row: PoolReading) -> Expected:
    mean, given, right = (np.array([column[name] for column in row.by_label]) for name in ("mean", "given", "right"))
    return Expected(right, given - right, mean - right)


def _carried(row: PoolReading) -> NDArray[np.bool_]:
    """(C,) Labels that a labelled text carried. A row from before that was kept counts every label, as it did then."""
    return np.array([column.get("carried", 1) > 0 for column in row.by_label], bool)


def _shares(row: PoolReading, judged: Judged) -> list[dict[str, Any]]:
    return [
        asdict(
            tightened_share(
                judged.gold[:, c] > 0,
                judged.proba[:, c],
                Proxy(row.texts, column["mean"], column["variance"]),
                texts=row.pool_size,
            )
        )
        for c, column in enumerate(row.by_label)
    ]


def points_at(version: ModelVersion) -> Points:
    """The curve of the models in use up to this one, over the encoder as it came, or over encoders tuned from it: the
    first full model in use makes a new start, for its curve is not the old one's continuation; those after it, made by
    the same recipe of more labels, go on with it. So do other labels, another encoder and a pool that an import made
    larger make a new start. Of models of as many labels the last one counts: a head fitted again says nothing new. One
    query."""
    full = ModelVersion.Kind.FULL
    is_tuned = version.kind == full or version.base_id is not None
    tuned = Q(version__kind=full) | Q(version__base__isnull=False)
    same = Q(version__encoder=version.encoder) & (tuned if is_tuned else ~tuned)
    rows = (
        PoolReading.objects.filter(_in_use_at(version), same, off__isnull=False)
        .order_by("version__n_labels", "version__number")
        .values_list(
            *("version__label_ids", "pool_size", "audit_sample", "version__n_labels", "version__n_audit"),
            *("confidence", "off", "off_variance"),
        )
    )
    known = set(version.label_ids)
    last = {
        n_labels: (n_labels, sample["texts"] if sample else n_audit, *rest)
        for labels, pool_size, sample, n_labels, n_audit, *rest in rows
        if set(labels) == known and not _is_of_less(_pool(pool_size, sample), version)
    }
    table = np.array(list(last.values()), np.float64).reshape(-1, 5)
    found = [point(confidence, off, variance, int(audit)) for _, audit, confidence, off, variance in table]
    share, variance = np.array(found).reshape(-1, 2).T
    return Points(table[:, 0], table[:, 1], share, variance)


def signs_at(version: ModelVersion, row: PoolReading, seen: Mapping[int, int]) -> Signs:
    """What the advice rests on; `seen` says how many labelled texts carried each label id. One query."""
    found = row.forecast or {"passed": False}
    return Signs(
        kappas=_kappas(version)[-LIMITS.window :],
        entropy=row.entropy if row.texts else None,
        gain=found["gain"][2] if found["passed"] else None,
        audit=row.n_sampled,
        seen=seen,
        multi_label=version.project.is_multi,
    )


def _kappas(version: ModelVersion) -> list[float]:
    """Of each model in use with the one before, oldest first. A quick model that follows a full one at once, or one
    made anew for a grown pool, has the head of the model before it: over the same encoder labels must have grown by a
    step of the curve, else their agreement is built in and says nothing of settling. Nor does agreement on the texts
    from before an import say anything of those since: models begin anew there. One query."""
    rows = PoolReading.objects.filter(_in_use_at(version)).order_by("version__number")
    columns = ("version", "version__kind", "version__base", "version__encoder", "version__n_labels", "pool_size")
    found: list[float] = []
    counted: dict[Any, int] = {}  # labels at the last comparison, by whose encoder reads
    before_is_of_less = False
    for pk, kind, base, encoder, n_labels, size, sample, kappa in rows.values_list(*columns, "audit_sample", "kappa"):
        if _is_of_less(_pool(size, sample), version):
            before_is_of_less = True
            continue
        reader = pk if kind == ModelVersion.Kind.FULL else base or encoder
        if reader in counted and not is_milestone(n_labels, labels_at_last_version=counted[reader]):
            continue
        counted[reader] = n_labels
        if kappa is not None and not before_is_of_less:
            found.append(kappa)
        before_is_of_less = False
    return found


def _is_of_less(pool: int, version: ModelVersion) -> bool:
    """Whether this version's pool has outgrown a reading of so many texts. Never, for a version from before that was
    asked: what follows from its reading was made without."""
    sample = version.reading.audit_sample
    return sample is not None and has_outgrown(sample["pool"], texts_at_last=pool)


def _pool(pool_size: int, sample: dict[str, Any] | None) -> int:
    """Texts of the project that a reading's model knew of. A reading alone may say less, while few texts are read."""
    return sample["pool"] if sample else pool_size


def _seen(made: Made) -> dict[int, int]:
    return dict(zip(made.labels.label_ids, made.labels.Y.sum(axis=0, dtype=int).tolist(), strict=True))
