"""A reading of the pool again: what was worked out from it when its version was made, from the facts kept with it.

Of the pool itself only the row's sums are kept (mean confidence, entropy, kappa, the parts by label). So these are
facts and not figures: they are taken as they stand.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from labeller.annotation.audit_sample import AuditSample
from labeller.learning.bridges.outlook import Judged, audit_figures, forecast_at, signs_at, was_in_use
from labeller.learning.bridges.running import hot
from labeller.learning.models import AuditPrediction, PoolReading
from labeller.learning.triggers import ENOUGH_AUDIT
from modelsvc.evaluation.forecast import LAW
from modelsvc.evaluation.stopping import RULE, Limits, Signs, advise

FIGURES = ("off", "off_variance", "tightened", "tightened_f1", "tightened_labels", "shares", "forecast", "advice")


def reading_as_stored(row: PoolReading) -> dict[str, Any]:
    """Its figures. Advice by another rule, or from before its signs were kept, cannot be followed, nor a forecast by
    another law: they are left out."""
    stored = {name: getattr(row, name) for name in FIGURES}
    if not _follows_the_law(row):
        stored["forecast"] = None
    return stored if _signs(row) else stored | {"advice": None}


def reading_again(row: PoolReading, *, multi_label: bool) -> dict[str, Any]:
    """The same figures from the frozen predictions, the readings up to this one, and the limits that held then."""
    again: dict[str, Any] = dict.fromkeys(FIGURES) | {"shares": [], "tightened_labels": []}
    if row.n_sampled >= ENOUGH_AUDIT:
        rules = row.tightened_f1 or {}
        judged = _judged(row, multi_label=multi_label)
        again |= audit_figures(row, judged, unmet_open="unmet" in rules, few_doubted="few_doubted" in rules)
        # A reading from before these figures, from before a single text with a label was enough, or with
        # too few mistakes, gets none later.
        again |= {name: getattr(row, name) for name in ("tightened_f1", "tightened_labels") if not getattr(row, name)}
    if was_in_use(row.version):
        again["forecast"] = forecast_at(row) if _follows_the_law(row) else None
        if row.advice and (kept := _signs(row)):
            signs = signs_at(row.version, row, kept.seen)
            again["advice"] = advise(signs, Limits(**row.advice["limits"])).to_dict()
    plain: dict[str, Any] = json.loads(json.dumps(again))  # as the database gives it back
    return plain


def _follows_the_law(row: PoolReading) -> bool:
    return row.forecast is None or row.forecast.get("law") == LAW


def _signs(row: PoolReading) -> Signs | None:
    return Signs.read(row.advice["signs"]) if row.advice and row.advice.get("rule") == RULE else None


def _judged(row: PoolReading, *, multi_label: bool) -> Judged:
    version, sample = row.version, AuditSample.read(row.audit_sample)
    column = {label_id: at for at, label_id in enumerate(version.label_ids)}
    rows = AuditPrediction.objects.filter(version=version).order_by("pk")
    if sample is not None:
        rows = rows.filter(document__draw__lt=sample.below)
    kept = list(rows.values_list("probabilities", "predicted", "gold"))
    predicted, gold = (hot([[column[pk] for pk in answer[part]] for answer in kept], len(column)) for part in (1, 2))
    return Judged(np.array([answer[0] for answer in kept], np.float64), predicted, gold, multi_label, version.seed)
