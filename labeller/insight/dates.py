"""Days and moments as the results write them, in the page's language and the server's time zone."""

from __future__ import annotations

from datetime import date, datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import pgettext


def day(moment: date) -> str:
    """26 November 2026"""
    return date_format(_here(moment), pgettext("date format", "j F Y"))


def short_day(moment: date) -> str:
    """26 Nov 2026"""
    return date_format(_here(moment), pgettext("date format", "j M Y"))


def minute(moment: datetime) -> str:
    """26 November 2026, 14:05"""
    return date_format(_here(moment), pgettext("date format", "j F Y, H:i"))


def _here(moment: date) -> date:
    is_moment = isinstance(moment, datetime) and timezone.is_aware(moment)
    return timezone.localtime(moment) if is_moment else moment  # type: ignore[arg-type]
