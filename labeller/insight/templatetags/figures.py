"""Figures as the results page writes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from django import template

from labeller import numerals
from labeller.insight import dates, held, sentences
from labeller.insight.change_words import quoted
from labeller.insight.curve import too_few
from labeller.insight.effort_sentences import target_sentences
from labeller.insight.folds import fold_labels, fold_models, fold_rows
from labeller.insight.outlook import PoolShare
from labeller.insight.selectors import Estimate
from labeller.projects.history import LabelMerge

register = template.Library()


@register.filter
def percent(estimate: Estimate) -> str:
    return numerals.percent(estimate.value)


@register.filter
def percent_interval(estimate: Estimate) -> str:
    return sentences.span(points(estimate.low), points(estimate.high))


@register.filter
def decimal(value: Estimate | float | None) -> str:
    """Three digits; a dash where there was nothing to divide by."""
    if value is None:
        return "–"
    return numerals.decimal(value.value if isinstance(value, Estimate) else value, 3)


@register.filter
def decimal_interval(estimate: Estimate) -> str:
    return sentences.span(decimal(estimate.low), decimal(estimate.high))


@register.filter
def hundredths(estimate: Estimate) -> str:
    return numerals.hundredths(estimate.value)


@register.filter
def hundredths_interval(estimate: Estimate) -> str:
    return sentences.span(numerals.hundredths(estimate.low), numerals.hundredths(estimate.high))


@register.filter
def whole_percent(share: float) -> str:
    return numerals.decimal(100 * share, 0)


@register.filter
def in_words(name: str) -> str:
    """A setting's key as a person reads it: "fine_tuning_s" -> "Fine tuning, seconds"."""
    words = f"{name[:-2]}, seconds" if name.endswith("_s") else name
    return words.replace("_", " ").capitalize()


@register.filter
def points(share: float) -> str:
    """0.042 -> 4.2"""
    return numerals.decimal(100 * share, 1)


@register.filter
def duration(seconds: float) -> str:
    return sentences.duration(seconds)


@register.filter
def bar(share: float, shares: Sequence[PoolShare]) -> str:
    """Where a share ends on a bar, in per cent of its width, as SVG reads numbers; the longest interval fills it."""
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
    return "–" if value is None else numerals.decimal(value, 0)


@register.simple_tag
def intervals_held() -> str:
    return held.intervals_held()


@register.simple_tag
def forecast_held(is_multi: bool) -> str:
    return held.forecast_held(is_multi=is_multi)


@register.filter
def gained(gain: Estimate) -> str:
    return _signed(gain.value)


@register.filter
def gained_interval(gain: Estimate) -> str:
    return sentences.span(_signed(gain.low), _signed(gain.high))


def _signed(share: float) -> str:
    return numerals.decimal(100 * share, 1) if share < 0 else f"+{numerals.decimal(100 * share, 1)}"


@register.filter(expects_localtime=True)
def day(moment: date) -> str:
    return dates.day(moment)


@register.filter(expects_localtime=True)
def short_day(moment: date | None) -> str:
    """Empty without one."""
    return dates.short_day(moment) if moment else ""


@register.filter(expects_localtime=True)
def minute(moment: datetime) -> str:
    return dates.minute(moment)


@register.filter
def merged_names(merge: LabelMerge) -> str:
    return ", ".join(quoted(label["name"]) for label in merge.merged)


register.filter("too_few", too_few)
register.filter("target_sentences", target_sentences)
register.filter("fold_rows", fold_rows)
register.filter("fold_models", fold_models)
register.filter("fold_labels", fold_labels)
