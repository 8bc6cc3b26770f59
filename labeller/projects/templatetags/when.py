"""Moments the way a person says them."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def when(moment: datetime) -> str:
    """just now, 5 minutes ago, today, yesterday, on 3 May 2026."""
    minutes = int((timezone.now() - moment).total_seconds() // 60)
    if minutes < 60:
        return _("just now") if minutes < 2 else _("%(minutes)s minutes ago") % {"minutes": minutes}
    days = (timezone.localdate() - timezone.localtime(moment).date()).days
    if days < 2:
        return _("yesterday") if days else _("today")
    return _("on %(day)s") % {"day": date_format(timezone.localtime(moment), _("j M Y"))}
