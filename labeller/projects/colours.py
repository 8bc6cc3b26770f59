"""Label colours: a palette to guess from, and shades of any colour that can be read in both themes.

Contrast is WCAG 2.2's ratio of relative luminances; 4.5 is its threshold for small text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

# Sixteen hues in an order in which neighbours differ, each near the middle of the scale of lightness, so that the
# plain colour already shows (3:1) on a white and on a near-black card.
PALETTE = (
    "#2f7ab8", "#c2571a", "#2a8a5f", "#a259b5", "#9a7400", "#d04468", "#14898f", "#7a6fd0",
    "#6a8a1f", "#b8602e", "#4f83d6", "#c04a9c", "#3f8f3a", "#a8703c", "#5e7f96", "#d4493f",
)  # fmt: skip
LEAST_CONTRAST = 4.5
LIGHT_GROUND = "#f1efe9"  # --shade of app.css in each theme: the hardest ground that a label's colour stands on
DARK_GROUND = "#23262d"

Channels = tuple[int, int, int]


def next_colour(used: Iterable[str]) -> str:
    """The palette's least used colour; of several the first."""
    times = Counter(used)
    return min(PALETTE, key=lambda colour: times[colour])


def _channels(colour: str) -> Channels:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(colour: str) -> float:
    linear = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (channel / 255 for channel in _channels(colour))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """1 (the same) to 21 (black on white), for two colours written #rrggbb."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@lru_cache(maxsize=4096)
def readable(colour: str, ground: str) -> str:
    """The colour, mixed with as little black or white as makes it readable as small text on this ground."""
    target = 255 if _luminance(ground) < 0.18 else 0
    for percent in range(0, 101, 4):
        red, green, blue = (round(channel + (target - channel) * percent / 100) for channel in _channels(colour))
        shade = f"#{red:02x}{green:02x}{blue:02x}"
        if contrast(shade, ground) >= LEAST_CONTRAST:
            return shade
    raise ValueError(f"Neither black nor white can be read on {ground}.")


def stylesheet(labels: Iterable[tuple[int, str]]) -> str:
    """CSS that gives each `.label-<id>` its colour as `--c`, one shade for the light theme and one for the dark."""
    rows = list(labels)
    light = "\n".join(f".label-{pk} {{ --c: {readable(colour, LIGHT_GROUND)} }}" for pk, colour in rows)
    dark = "\n".join(f"  .label-{pk} {{ --c: {readable(colour, DARK_GROUND)} }}" for pk, colour in rows)
    return f"{light}\n@media (prefers-color-scheme: dark) {{\n{dark}\n}}\n"
