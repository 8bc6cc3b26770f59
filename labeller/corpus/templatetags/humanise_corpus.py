"""Numbers as these pages show them."""

from __future__ import annotations

from django import template

register = template.Library()


@register.filter
def grouped(number: int) -> str:
    """12345 -> 12,345."""
    return f"{number:,}"


@register.filter
def megabytes(size: int) -> str:
    """Bytes in the unit a person would choose."""
    if size < 1000:
        return f"{size} bytes"
    return f"{size / 1000:,.0f} KB" if size < 1_000_000 else f"{size / 1_000_000:,.1f} MB"
