"""What follows from a version's reading of the pool: tightened accuracy, each label's share, a forecast, advice."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
from django.db.models import Q
from numpy.typing import NDArray

from labeller.learning.bridge_versions import AuditScore, Made
from labeller.learning.models import ModelVersion, PoolReading
from labeller.learning.signals import tell_stop_advised
from modelsvc.assisted_f1 import Expected, assisted_macro_f1
from modelsvc.forecast import Forecast, Points, forecast, point
from modelsvc.ppi import Proxy, confidence, tightened_share
from modelsvc.stopping import MORE, WINDOW, Signs, Word, advise

ENOUGH_AUDIT = 30  # audit texts below which nothing is estimated, as on the page
IN_USE = Q(version__kind=ModelVersion.Kind.QUICK) | Q(version__promoted_at__isnull=False)


def keep_outlook(version: ModelVersion, row: PoolReading, made: Made) -> None:
    """Work out what the row allows and keep it there. A model that was not put into service is measured like the
    others; forecast and advice are about those in use."""
    if version.n_audit >= ENOUGH_AUDIT:
        _measure(row, made.audit, multi_label=made.head.multi_label, seed=made.seed)
    row.save()
    if version.kind == ModelVersion.Kind.QUICK or version.promoted_at is not None:
        found = forecast(_points(version), seed=made.seed)
        row.forecast = None if found is None else found.to_dict() | {"more": MORE, "gain": list(found.gain(MORE))}
        advice = advise(_signs(version, row, made, found))
        row.advice = advice.to_dict()
        row.save(update_fields=["forecast", "advice"])
        if advice.word == Word.STOP:
            tell_stop_advised(version.project_id, labels=version.n_labels)


def _measure(row: PoolReading, audit: AuditScore, *, multi_label: bool, seed: int) -> None:
    """Accuracy, macro-F1 and shares, all from the audit texts and the stored row."""
    # Rounded as AuditPrediction keeps it, so that the same numbers follow from the stored facts.
    proba = audit.proba.astype(np.float64).round(5)
    sure = confidence(proba, audit.predicted, multi_label=multi_label)
    off = audit.correct - sure
    row.off, row.off_variance = float(off.mean()), float(off.var())
    everywhere = Proxy(row.texts, row.confidence, row.confidence_variance)
    row.tightened = asdict(tightened_share(audit.correct, sure, everywhere))
    f1 = assisted_macro_f1(audit.gold, audit.predicted, proba, _expected(row), seed=seed)
    row.tightened_f1 = None if f1 is None else asdict(f1)
    row.shares = _shares(row, audit, proba)


def _expected(row: PoolReading) -> Expected:
    mean, given, right = (np.array([column[name] for column in row.by_label]) for name in ("mean", "given", "right"))
    return Expected(right, given - right, mean - right)


def _shares(row: PoolReading, audit: AuditScore, proba: NDArray[np.float64]) -> list[dict[str, Any]]:
    return [
        asdict(
            tightened_share(
                audit.gold[:, c] > 0,
                proba[:, c],
                Proxy(row.texts, column["mean"], column["variance"]),
                texts=row.pool_size,
            )
        )
        for c, column in enumerate(row.by_label)
    ]


def _points(version: ModelVersion) -> Points:
    """The curve of the models in use up to this one that read the texts by the same encoder: another one, also one
    tuned anew, makes a new start, for its curve is not the old one's continuation. One query."""
    base = version if version.kind == ModelVersion.Kind.FULL else version.base
    same = Q(version__base=base, version__encoder=version.encoder) | Q(version=base)
    if base is None:
        same = Q(version__base=None, version__kind=ModelVersion.Kind.QUICK, version__encoder=version.encoder)
    rows = (
        PoolReading.objects.filter(IN_USE, same, version__project=version.project_id, off__isnull=False)
        .order_by("version__n_labels", "version__number")
        .values_list("version__n_labels", "version__n_audit", "confidence", "off", "off_variance")
    )
    table = np.array(list(rows), np.float64).reshape(-1, 5)
    found = [point(confidence, off, variance, int(audit)) for _, audit, confidence, off, variance in table]
    share, variance = np.array(found).reshape(-1, 2).T
    return Points(table[:, 0], table[:, 1], share, variance)


def _signs(version: ModelVersion, row: PoolReading, made: Made, found: Forecast | None) -> Signs:
    newest = PoolReading.objects.filter(IN_USE, version__project=version.project_id, kappa__isnull=False)
    latest = newest.order_by("-version__number").values_list("kappa", flat=True)[:WINDOW]
    seen = made.labels.Y.sum(axis=0, dtype=int).tolist()
    return Signs(
        kappas=[kappa for kappa in latest if kappa is not None][::-1],
        entropy=row.entropy if row.texts else None,
        gain=found.gain(MORE)[2] if found is not None and found.passed else None,
        audit=version.n_audit,
        seen=dict(zip(made.labels.label_ids, seen, strict=True)),
    )
