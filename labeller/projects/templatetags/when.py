"""Moments the way a person says them."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.formats import date_format

register = template.Library()


@register.filter
def when(moment: datetime) -> str:
    """just now, 5 minutes ago, today, yesterday, on 3 May 2026."""
    minutes = int((timezone.now() - moment).total_seconds() // 60)
    if minutes < 60:
        return "just now" if minutes < 2 else f"{minutes} minutes ago"
    days = (timezone.localdate() - timezone.localtime(moment).date()).days
    return {0: "today", 1: "yesterday"}.get(days) or f"on {date_format(timezone.localtime(moment), 'j M Y')}"
