"""What the sign-in page may offer."""

from __future__ import annotations

from django import template

from labeller.projects import accounts

register = template.Library()
register.simple_tag(accounts.email_works)
