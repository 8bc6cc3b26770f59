"""When to stop labelling: three signs, and never a word of advice without evidence. Pure rules, no arrays.

- Predictions have settled: Cohen's kappa between successive models on texts nobody chose, .99 or more on average over
  the last three comparisons (Bloodgood & Vijay-Shanker 2009, aclanthology.org/W09-1107: window 3, threshold .99).
- Little uncertainty is left: mean entropy below .05 of the most there can be (Zhu et al. 2008,
  aclanthology.org/C08-1142).
- Little gain is ahead: the forecast's upper bound for 50 more labels is below half a point.

A model may be settled and sure because it has never met a label, or be sure and wrong: so advice needs 100 audit texts,
five labelled texts of every label, and two of the three signs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from statistics import fmean
from typing import Any

WINDOW, SETTLED = 3, 0.99
SURE = 0.05
MORE, LITTLE_GAIN = 50, 0.005  # labels, share of texts
ENOUGH_AUDIT = 100
ENOUGH_OF_A_LABEL = 5
SIGNS_NEEDED = 2


class Lamp(StrEnum):
    ON = "on"  # speaks for stopping
    OFF = "off"  # speaks for going on
    UNKNOWN = "unknown"


class Word(StrEnum):
    STOP = "stop"
    GO_ON = "go on"
    NOT_YET = "not yet"  # too little evidence for any advice


@dataclass(frozen=True)
class Signs:
    """What is known of the newest model and those before it."""

    kappas: Sequence[float]  # between successive models, oldest first
    entropy: float | None  # mean, as a share of the most there can be
    gain: float | None  # upper bound of what MORE labels add, as a share of texts; None without a forecast
    audit: int  # labelled audit texts
    seen: Mapping[int, int]  # label id -> labelled texts that carry it


@dataclass(frozen=True)
class Advice:
    settled: Lamp
    sure: Lamp
    flat: Lamp
    word: Word
    audit_missing: int
    too_rare: dict[int, int]  # label id -> how many labelled texts it has, where that is too few

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return asdict(self) | {"too_rare": {str(label): seen for label, seen in self.too_rare.items()}}


def advise(signs: Signs) -> Advice:
    settled, sure, flat = _settled(signs.kappas), _below(signs.entropy, SURE), _below(signs.gain, LITTLE_GAIN)
    missing = max(0, ENOUGH_AUDIT - signs.audit)
    too_rare = {label: seen for label, seen in signs.seen.items() if seen < ENOUGH_OF_A_LABEL}
    word = Word.STOP if [settled, sure, flat].count(Lamp.ON) >= SIGNS_NEEDED else Word.GO_ON
    return Advice(settled, sure, flat, Word.NOT_YET if missing or too_rare else word, missing, too_rare)


def _settled(kappas: Sequence[float]) -> Lamp:
    if len(kappas) < WINDOW:
        return Lamp.UNKNOWN
    return Lamp.ON if round(fmean(kappas[-WINDOW:]), 9) >= SETTLED else Lamp.OFF


def _below(figure: float | None, limit: float) -> Lamp:
    if figure is None:
        return Lamp.UNKNOWN
    return Lamp.ON if figure < limit else Lamp.OFF
