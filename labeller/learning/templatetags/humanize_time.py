"""Seconds and shares, the way a person says them."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils import timezone

from labeller.learning.models import TrainingRun

register = template.Library()

JUST_NOW_S = 4.0  # a poll's interval: nobody needs to see it count 0, 1, 2
WORRYING_S = 9.0  # three beats missed


@register.filter
def short_time(seconds: float | None) -> str:
    """40 s, 3 min, 2 h, 5 days. Empty for None."""
    if seconds is None:
        return ""
    seconds = max(seconds, 0.0)
    if seconds < 90:
        return f"{round(seconds)} s"
    if seconds < 90 * 60:
        return f"{round(seconds / 60)} min"
    if seconds < 36 * 3600:
        return f"{round(seconds / 3600)} h"
    return f"{round(seconds / 86400)} days"


@register.filter
def seconds_since(moment: datetime | None) -> float | None:
    return None if moment is None else (timezone.now() - moment).total_seconds()


@register.filter
def ago(moment: datetime) -> str:
    """just now, 40 s ago, 3 min ago."""
    seconds = (timezone.now() - moment).total_seconds()
    return "just now" if seconds < JUST_NOW_S else f"{short_time(seconds)} ago"


@register.filter
def silent_for(run: TrainingRun) -> float | None:
    """Seconds since a running run's worker was last heard of, once that is longer than it should be."""
    if run.state != TrainingRun.State.RUNNING or run.heartbeat_at is None:
        return None
    seconds = (timezone.now() - run.heartbeat_at).total_seconds()
    return seconds if seconds > WORRYING_S else None


@register.filter
def percent(share: float) -> str:
    """0.625 -> 62 %. Rounded down: 100 % means done."""
    return f"{int(share * 100)} %"
