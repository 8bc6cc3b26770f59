"""What is wished of one play, and how much of it an earlier one has already made."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal


@dataclass(frozen=True)
class Wish:
    """One play: which texts, and how they are labelled."""

    train: str  # paths of JSON Lines
    test: str | None  # None: a third of `train` is held back
    labels: tuple[int, ...]  # counts at which the models are examined, ascending
    full_at: tuple[int, ...] | Literal["auto"] = "auto"  # counts of full runs; "auto": as the triggers say
    policy: str = "default"
    seed: int = 0
    audit: bool = True
    refit_every: int = 1
    found_first: bool = False
    keep_in_both: bool = False  # texts of `train` that `test` has too
    keep: str | None = None  # folder that keeps the play at each point, to go on from there


def kept_points(wish: Wish) -> list[dict[str, Any]]:
    """Those of an earlier play of the same texts, policy and seed, as far as it and this one are to be played alike."""
    told = Path(wish.keep) / "points.json" if wish.keep else None
    if told is None or not told.exists():
        return []
    kept = json.loads(told.read_text(encoding="utf-8"))
    points: list[dict[str, Any]] = kept["points"]
    upto = points[-1]["labels"]
    return points if _until(upto, kept["wish"]) == _until(upto, as_told(wish)) else []


def _until(labels: int, wish: dict[str, Any]) -> dict[str, Any]:
    """What is wished of a play up to this many labels, as JSON has it."""
    full_at = wish["full_at"]
    early = full_at if full_at == "auto" else [count for count in full_at if count <= labels]
    return wish | {"labels": [count for count in wish["labels"] if count <= labels], "full_at": early}


def as_told(wish: Wish) -> dict[str, Any]:
    """All that a play follows from: with the switches of full runs, which its process takes from the environment."""
    return asdict(wish) | {"recipe": os.environ.get("LABELLER_RECIPE", "")}
