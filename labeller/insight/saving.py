"""What choosing texts has saved, in words; never without its interval, and never beyond chance alone."""

from __future__ import annotations

from labeller.learning.measures import OrderComparison

ROUGH = ((100, 10), (50, 5))  # from so many labels on, the nearest so many are near enough to what is known


def saving(comparison: OrderComparison | None) -> str:
    """Empty before orders were compared."""
    if comparison is None:
        return ""
    value, low, high = (comparison.saved[name] for name in ("value", "low", "high"))
    judged = f"judged on {comparison.n_audit:,} audit texts"
    if low is None or value is None or low <= 0:
        return f"No saving from choosing texts is shown so far{_between(low, high)}, {judged}."
    return (
        f"Choosing texts has saved about {rough(value)} labels so far ({rough(low)} to {rough(high)}): about "
        f"{rough(comparison.saved['chosen'])} labels taught what {rough(comparison.saved['random'])} drawn at random "
        f"teach, {judged}."
    )


def _between(low: float | None, high: float | None) -> str:
    """What may still be true, as far as it is known; None is minus infinity."""
    if high is None or (low is None and high <= 0):
        return ""
    if low is None:
        return f" (at most {rough(high)} labels)"
    if low == high:
        return ""
    return f" ({rough(low)} to {rough(high)} labels)"


def rough(labels: float) -> str:
    """36.4 -> "36", 183 -> "180", -12 -> "−12": a count as far as it can be trusted."""
    step = next((step for least, step in ROUGH if abs(labels) >= least), 1)
    count = round(labels / step) * step
    return f"−{-count:,}" if count < 0 else f"{count:,}"
