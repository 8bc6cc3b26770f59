"""Shares as the page about gold writes them."""

from django import template

register = template.Library()


@register.filter
def per_cent(share: float) -> str:
    """0.876 -> 87.6"""
    return f"{100 * share:.1f}"
