"""Figures as the results page writes them."""

from __future__ import annotations

from collections.abc import Sequence

from django import template

from labeller.insight import sentences
from labeller.insight.folds import fold_labels, fold_models, fold_rows
from labeller.insight.outlook import PoolShare
from labeller.insight.selectors import Estimate

register = template.Library()


@register.filter
def percent(estimate: Estimate) -> str:
    return f"{100 * estimate.value:.1f} %"


@register.filter
def percent_interval(estimate: Estimate) -> str:
    return f"{100 * estimate.low:.1f} to {100 * estimate.high:.1f}"


@register.filter
def decimal(value: Estimate | float | None) -> str:
    """Three digits; a dash where there was nothing to divide by."""
    if value is None:
        return "–"
    return f"{value.value if isinstance(value, Estimate) else value:.3f}"


@register.filter
def decimal_interval(estimate: Estimate) -> str:
    return f"{estimate.low:.3f} to {estimate.high:.3f}"


@register.filter
def hundredths(estimate: Estimate) -> str:
    return f"{estimate.value:.2f}"


@register.filter
def hundredths_interval(estimate: Estimate) -> str:
    return f"{estimate.low:.2f} to {estimate.high:.2f}"


@register.filter
def whole_percent(share: float) -> str:
    return f"{100 * share:.0f}"


@register.filter
def in_words(name: str) -> str:
    """A setting's key as a person reads it: "fine_tuning_s" -> "Fine tuning, seconds"."""
    words = f"{name[:-2]}, seconds" if name.endswith("_s") else name
    return words.replace("_", " ").capitalize()


@register.filter
def points(share: float) -> str:
    """0.042 -> 4.2"""
    return f"{100 * share:.1f}"


@register.filter
def duration(seconds: float) -> str:
    return sentences.duration(seconds)


@register.filter
def bar(share: float, shares: Sequence[PoolShare]) -> str:
    """Where a share ends on a bar, in per cent of its width; the longest interval of all fills it."""
    return f"{100 * share / max(part.share.high for part in shares):.2f}"


@register.filter
def bar_width(share: Estimate, shares: Sequence[PoolShare]) -> str:
    """How wide its interval is there."""
    return bar(share.high - share.low, shares)


@register.filter
def counted(number: int, thing: str) -> str:
    return sentences.counted(number, thing)


@register.filter
def worked(seconds: float) -> str:
    return sentences.duration(seconds) if seconds else "–"


@register.filter
def rate(value: float | None) -> str:
    """A dash where too little was timed."""
    return "–" if value is None else f"{value:,.0f}"


@register.filter
def gained(gain: Estimate) -> str:
    return f"{100 * gain.value:+.1f}"


@register.filter
def gained_interval(gain: Estimate) -> str:
    return f"{100 * gain.low:+.1f} to {100 * gain.high:+.1f}"


register.filter("fold_rows", fold_rows)
register.filter("fold_models", fold_models)
register.filter("fold_labels", fold_labels)
