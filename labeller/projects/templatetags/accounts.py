"""What the sign-in page may offer."""

from __future__ import annotations

from django import template
from django.conf import settings

register = template.Library()

NOWHERE = ("console", "dummy", "locmem", "filebased")  # back ends that send nothing to anybody


@register.simple_tag
def email_works() -> bool:
    """Whether a letter would reach somebody: a password reset that only prints to a terminal is not offered."""
    return not any(f".{name}." in settings.EMAIL_BACKEND for name in NOWHERE)
