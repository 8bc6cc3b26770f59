"""Numbers and stored reasons as these pages show them."""

from __future__ import annotations

from django import template
from django.utils.translation import ngettext

from labeller.corpus.reasons import in_words
from labeller.numerals import decimal, whole

register = template.Library()
register.filter("retold", in_words)


@register.filter
def grouped(number: int) -> str:
    """12345 -> 12,345; in German 12.345."""
    return whole(number)


@register.filter
def megabytes(size: int) -> str:
    """Bytes in the unit a person would choose."""
    if size < 1000:
        return ngettext("%(n)s byte", "%(n)s bytes", size) % {"n": size}
    return f"{decimal(size / 1000, 0)} KB" if size < 1_000_000 else f"{decimal(size / 1_000_000, 1)} MB"
