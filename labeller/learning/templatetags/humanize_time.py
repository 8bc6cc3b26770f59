"""Seconds and shares, the way a person says them."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.translation import gettext as _

from labeller.learning.models import TrainingRun

register = template.Library()

JUST_NOW_S = 4.0  # a poll's interval: nobody needs to see it count 0, 1, 2
DAYS_FROM_S = 36 * 3600.0
WORRYING_S = 9.0  # three beats missed


@register.filter
def short_time(seconds: float | None) -> str:
    """40 s, 3 min, 2 h, 5 days. Empty for None."""
    if seconds is None:
        return ""
    seconds = max(seconds, 0.0)
    if seconds < 90:
        return _("%(time)s s") % {"time": round(seconds)}
    if seconds < 90 * 60:
        return _("%(time)s min") % {"time": round(seconds / 60)}
    if seconds < DAYS_FROM_S:
        return _("%(time)s h") % {"time": round(seconds / 3600)}
    return _("%(time)s days") % {"time": round(seconds / 86400)}


@register.filter
def seconds_since(moment: datetime | None) -> float | None:
    return None if moment is None else (timezone.now() - moment).total_seconds()


@register.filter
def ago(moment: datetime) -> str:
    """just now, 40 s ago, 3 min ago."""
    seconds = (timezone.now() - moment).total_seconds()
    if seconds >= DAYS_FROM_S:  # a sentence of its own: other languages bend the day here
        return _("%(days)s days ago") % {"days": round(seconds / 86400)}
    return _("just now") if seconds < JUST_NOW_S else _("%(time)s ago") % {"time": short_time(seconds)}


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
