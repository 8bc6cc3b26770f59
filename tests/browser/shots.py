"""Pictures for people to look at, taken on the way when LABELLER_SHOTS names a folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tests.browser.walker import WIDE

PHONE = {"width": 390, "height": 844}
SIZES = {"1280": WIDE, "390": PHONE}

# Charts have to have been drawn again in the scheme's colours and to the window's width.
SETTLED = """() => [...document.querySelectorAll("figure.curve:not([hidden]) .canvas")].every((canvas) => {
  const svg = canvas.querySelector("svg");
  const colour = getComputedStyle(document.documentElement).getPropertyValue("--soft").trim();
  return svg && svg.innerHTML.includes(colour) && svg.getBoundingClientRect().width <= canvas.clientWidth + 1;
})"""


def take(page: Any, name: str, *, whole: bool = False) -> None:
    """`<name>-<light|dark>-<1280|390>.png`, of the window or (`whole`) of all the page."""
    if not os.environ.get("LABELLER_SHOTS"):
        return
    folder = Path(os.environ["LABELLER_SHOTS"])
    folder.mkdir(parents=True, exist_ok=True)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width, size in SIZES.items():
            page.set_viewport_size(size)
            page.wait_for_function(SETTLED)
            path = folder / f"{name}-{scheme}-{width}.png"
            page.screenshot(path=path, full_page=whole, animations="disabled")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(WIDE)
