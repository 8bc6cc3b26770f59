"""Numbers as the page's language writes them, for sentences made in Python; templates have floatformat."""

from __future__ import annotations

from django.utils.formats import number_format
from django.utils.translation import gettext as _


def whole(value: int) -> str:
    """12345 -> "12,345" in English, "12.345" in German."""
    return number_format(value, decimal_pos=0, use_l10n=True, force_grouping=True)


def decimal(value: float, places: int) -> str:
    """Rounded half to even as Python does: (1234.56, 1) -> "1,234.6" in English, "1.234,6" in German."""
    return number_format(f"{value:.{places}f}", decimal_pos=places, use_l10n=True, force_grouping=True)


def percent(share: float, places: int = 1) -> str:
    """0.857 -> "85.7 %" in English, "85,7 %" in German."""
    return _("%(number)s %%") % {"number": decimal(100 * share, places)}
