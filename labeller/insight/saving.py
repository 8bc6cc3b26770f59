"""What choosing texts has saved, in words; never without its interval, and never beyond chance alone."""

from __future__ import annotations

from django.utils.translation import gettext as _

from labeller.learning.measures import OrderComparison
from labeller.numerals import whole

ROUGH = ((100, 10), (50, 5))  # from so many labels on, the nearest so many are near enough to what is known


def saving(comparison: OrderComparison | None) -> str:
    """Empty before orders were compared."""
    if comparison is None:
        return ""
    value, low, high = (comparison.saved[name] for name in ("value", "low", "high"))
    if low is None or value is None or low <= 0:
        return _none_shown(low, high, whole(comparison.n_audit))
    return _(
        "Choosing texts has saved about %(saved)s labels so far (%(low)s to %(high)s): about %(chosen)s labels taught "
        "what %(random)s drawn at random teach, judged with the untuned language model on %(audit)s audit texts."
    ) % {
        "saved": rough(value),
        "low": rough(low),
        "high": rough(high),
        "chosen": rough(comparison.saved["chosen"]),
        "random": rough(comparison.saved["random"]),
        "audit": whole(comparison.n_audit),
    }


def _none_shown(low: float | None, high: float | None, audit: str) -> str:
    """With what may still be true, as far as it is known; None is minus infinity."""
    if high is None or (low is None and high <= 0) or low == high:
        return _(
            "No saving from choosing texts is shown so far, judged with the untuned language model on %(audit)s audit "
            "texts."
        ) % {"audit": audit}
    if low is None:
        return _(
            "No saving from choosing texts is shown so far (at most %(high)s labels), judged with the "
            "untuned language model on %(audit)s audit texts."
        ) % {"high": rough(high), "audit": audit}
    return _(
        "No saving from choosing texts is shown so far (%(low)s to %(high)s labels), judged with the untuned language "
        "model on %(audit)s audit texts."
    ) % {"low": rough(low), "high": rough(high), "audit": audit}


def rough(labels: float) -> str:
    """36.4 -> "36", 183 -> "180", -12 -> "−12": a count as far as it can be trusted."""
    step = next((step for least, step in ROUGH if abs(labels) >= least), 1)
    return whole(round(labels / step) * step)
