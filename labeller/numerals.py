"""Numbers as the page's language writes them, for sentences made in Python; templates have floatformat."""

from __future__ import annotations

from django.utils.formats import number_format
from django.utils.translation import gettext as _


def whole(value: int) -> str:
    """12345 -> "12,345" in English, "12.345" in German."""
    return _with_minus(number_format(value, decimal_pos=0, use_l10n=True, force_grouping=True))


def decimal(value: float, places: int) -> str:
    """Rounded half to even as Python does: (1234.56, 1) -> "1,234.6" in English, "1.234,6" in German."""
    rounded = f"{value:z.{places}f}"  # z: what rounds to nothing has no sign
    return _with_minus(number_format(rounded, decimal_pos=places, use_l10n=True, force_grouping=True))


def _with_minus(number: str) -> str:
    """A minus sign, not a hyphen, at which a line may break."""
    return number.replace("-", "−", 1)


def in_100(share: float) -> str:
    """A share as so many in 100: 0.857 -> "86"; one that is not quite all or none keeps a digit: 0.997 -> "99.7"."""
    return _not_quite(100 * share, 0, most=100)


def hundredths(share: float) -> str:
    """0.857 -> "0.86"; 0.996 -> "0.996"."""
    return _not_quite(share, 2, most=1)


def _not_quite(value: float, places: int, *, most: int) -> str:
    """`value` of 0 to `most`: neither end is written unless it is meant, however near."""
    edge, least = most / 100, most / 1000
    if 0 < value < edge or most - edge < value < most:
        return decimal(min(max(value, least), most - least), places + 1)
    return decimal(value, places)


def percent(share: float, places: int = 1) -> str:
    """0.857 -> "85.7 %" in English, "85,7 %" in German."""
    return _("%(number)s %%") % {"number": decimal(100 * share, places)}
