"""What every chart here has in common, once: its frame, its type and its colours, as a Vega-Lite specification.

Colours are parameters that static/js/drawing.js sets from the page's CSS, so that one specification serves light and
dark. As they stand here they are the light theme's, on white: so a picture is saved.
"""

from __future__ import annotations

from typing import Any

from django.utils.formats import get_format
from django.utils.translation import gettext as _

from labeller.numerals import percent

# Names are those of static/css/app.css.
PALETTE = {
    "accent": "#2b5d8a", "soft": "#5c5f6a", "ink": "#1c1d22", "line": "#e4e2dc", "card": "#ffffff",
    "good": "#1f6f4a", "warn": "#8a5a00",
}  # fmt: skip
HEIGHT = 330  # pixels; results.css keeps the place free before the chart is drawn


def frame(description: str, *, layer: list[dict[str, Any]], **parts: Any) -> dict[str, Any]:
    """A chart as wide as its place. `parts` are data and encoding that its layers share."""
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "description": _("%(what)s The table below has the numbers.") % {"what": description},
        "width": "container",
        "height": HEIGHT,
        "autosize": {"type": "fit", "contains": "padding"},
        "background": {"expr": "card"},
        "params": [{"name": name, "value": value} for name, value in PALETTE.items()],
        **parts,
        "layer": layer,
        "config": {
            "locale": {"number": _numbers()},
            "font": "system-ui, sans-serif",
            "view": {"stroke": None},
            "axis": {
                "labelColor": {"expr": "soft"},
                "titleColor": {"expr": "soft"},
                "gridColor": {"expr": "line"},
                "domainColor": {"expr": "line"},
                "tickColor": {"expr": "line"},
                "labelFontSize": 12,
                "titleFontSize": 12,
                "titleFontWeight": "normal",
                "labelPadding": 6,
            },
        },
    }


def _numbers() -> dict[str, Any]:
    """How the axes write numbers: d3-format's locale, in the page's language."""
    return {
        "decimal": get_format("DECIMAL_SEPARATOR"),
        "thousands": get_format("THOUSAND_SEPARATOR"),
        "grouping": [3],
        "currency": ["", ""],
        "percent": percent(0, 0).removeprefix("0"),
    }
