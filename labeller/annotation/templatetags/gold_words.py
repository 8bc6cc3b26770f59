"""Shares as the page about gold writes them."""

from django import template

from labeller.numerals import decimal

register = template.Library()


@register.filter
def per_cent(share: float) -> str:
    """0.876 -> 87.6, in German 87,6"""
    return decimal(100 * share, 1)
