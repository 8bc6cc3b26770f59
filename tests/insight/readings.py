"""Readings of the pool, as a worker leaves them beside a version."""

from __future__ import annotations

from typing import Any

import numpy as np

from labeller.learning.models import ModelVersion, PoolReading
from modelsvc.evaluation.forecast import Points, evaluated, forecast
from modelsvc.evaluation.ppi import Proxy, tightened_share
from modelsvc.evaluation.stopping import Signs, advise

LAW = (0.95, 36.0, 1.0)  # .59 at 100 labels, .77 at 200, .86 at 400: steep enough for numbers to be named


def add_reading(
    version: ModelVersion,
    *,
    pool_size: int = 4_000,
    sd: float = 0.006,
    law: tuple[float, float, float] = LAW,
    kappas: tuple[float, ...] = (0.95, 0.97, 0.98),
    entropy: float = 0.3,
    seen: int = 20,
) -> PoolReading:
    """Of a version whose labels lie in the pool in turn, with a forecast fitted to points on `law`."""
    n, C = version.n_audit, len(version.label_ids)
    shares: list[Any] = []
    if n >= 30:
        proxy = np.linspace(0.05, 0.95, n)
        found = [tightened_share(np.arange(n) % C == c, proxy, Proxy(pool_size, 0.4, 0.05)) for c in range(C)]
        shares = [{"value": share.value, "low": share.low, "high": share.high} for share in found]
    made = fitted(version.n_labels, law, sd)
    gain = made.gain(made.labels) if made else None
    advice = advise(
        Signs(
            kappas,
            entropy,
            gain[2] if gain and made and made.passed else None,
            n,
            dict.fromkeys(version.label_ids, seen),
        )
    )
    plain = version.metrics.get("accuracy")
    return PoolReading.objects.create(
        version=version,
        pool_size=pool_size,
        texts=pool_size,
        confidence=0.8,
        confidence_variance=0.03,
        doubtful=0.31,
        entropy=entropy,
        by_label=[],
        kappa=kappas[-1] if kappas else None,
        unchanged=0.984 if kappas else None,
        tightened=plain and {"value": plain["value"], "low": plain["low"] + 0.02, "high": plain["high"] - 0.02},
        shares=shares,
        forecast=made and made.to_dict() | {"more": made.labels, "gain": list(gain or ())},
        advice=advice.to_dict(),
    )


def fitted(labels: int, law: tuple[float, float, float], sd: float) -> Any:
    at = np.unique(np.geomspace(labels / 3, labels, 12).round())
    truth = np.clip(evaluated(np.array(law), at), 0, 1)
    return forecast(Points(at, at / 3, truth, np.full(len(at), sd**2)), seed=0)
