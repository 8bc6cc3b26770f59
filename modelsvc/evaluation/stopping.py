"""When to stop labelling: three signs, and never a word of advice without evidence. Pure rules, no arrays.

- Predictions have settled: Cohen's kappa between successive models on texts nobody chose, .98 or more on average over
  the last three comparisons (Bloodgood & Vijay-Shanker 2009, aclanthology.org/W09-1107: window 3, threshold .99. Their
  models were some 20 labels apart; ours are a twentieth more labels apart over a fixed encoder. Models of the same
  labels over the same encoder agree by construction: such pairs are none).
- Little uncertainty is left: mean entropy below .05 of the most there can be (Zhu et al. 2008,
  aclanthology.org/C08-1142).
- Little gain is ahead: the forecast's upper bound for as many labels again is below two points. Not for the next 50:
  the more labels there are, the less 50 of them can bring, and the sign would come on by itself.

A model may be settled and sure because it has never met a label, or be sure and wrong: so advice needs 100 audit texts,
five labelled texts of every label, and two of the three signs. With several labels a text there is none: a model that
never gives the rare ones agrees with the one before and is right on most whole answers, and no replay has tried these
signs against macro-F1. Limits of settling and gain were chosen on replays (benchmarks/LOG.md): there twice the labels
brought a point or less where both signs spoke for stopping.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from statistics import fmean
from typing import Any, Self

RULE = "models a step of labels apart"  # kept with each advice: one by another rule cannot be followed


class Lamp(StrEnum):
    ON = "on"  # speaks for stopping
    OFF = "off"  # speaks for going on
    UNKNOWN = "unknown"


class Word(StrEnum):
    STOP = "stop"
    GO_ON = "go on"
    NOT_YET = "not yet"  # too little evidence for any advice
    UNTRIED = "untried"  # several labels a text: no replay vouches for the signs


@dataclass(frozen=True)
class Limits:
    """From where a sign speaks for stopping, and how much evidence any advice needs. Kept with each advice, so that it
    can be followed when they have changed."""

    settled: float = 0.98  # least mean kappa
    window: int = 3  # comparisons in that mean
    sure: float = 0.05  # entropy below which little doubt is left
    gain: float = 0.02  # upper bound of what as many labels again bring, below which little is ahead
    audit: int = 100
    of_a_label: int = 5
    signs: int = 2  # that must speak for stopping


LIMITS = Limits()


@dataclass(frozen=True)
class Signs:
    """What is known of the newest model and those before it."""

    kappas: Sequence[float]  # between successive models of different labels, oldest first
    entropy: float | None  # mean, as a share of the most there can be
    gain: float | None  # upper bound of what as many labels again add, a share of texts; None: no forecast
    audit: int  # labelled audit texts
    seen: Mapping[int, int]  # label id -> labelled texts that carry it
    multi_label: bool = False

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> Self:
        """From Advice.to_dict()["signs"], where label ids have become strings."""
        return cls(**(dict(stored) | {"seen": {int(label): count for label, count in stored["seen"].items()}}))


@dataclass(frozen=True)
class Advice:
    settled: Lamp
    sure: Lamp
    flat: Lamp
    word: Word
    audit_missing: int
    too_rare: dict[int, int]  # label id -> how many labelled texts it has, where that is too few
    signs: Signs
    limits: Limits

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        told = asdict(self) | {"too_rare": _by_name(self.too_rare)}
        return told | {"rule": RULE, "signs": told["signs"] | {"seen": _by_name(self.signs.seen)}}


def advise(signs: Signs, limits: Limits = LIMITS) -> Advice:
    settled = _settled(signs.kappas, limits)
    sure = _below(signs.entropy, limits.sure)
    flat = _below(None if signs.multi_label else signs.gain, limits.gain)
    missing = max(0, limits.audit - signs.audit)
    too_rare = {label: seen for label, seen in signs.seen.items() if seen < limits.of_a_label}
    word = Word.STOP if [settled, sure, flat].count(Lamp.ON) >= limits.signs else Word.GO_ON
    if missing or too_rare:
        word = Word.NOT_YET
    if signs.multi_label:
        word = Word.UNTRIED
    return Advice(settled, sure, flat, word, missing, too_rare, signs, limits)


def _settled(kappas: Sequence[float], limits: Limits) -> Lamp:
    if len(kappas) < limits.window:
        return Lamp.UNKNOWN
    return Lamp.ON if round(fmean(kappas[-limits.window :]), 9) >= limits.settled else Lamp.OFF


def _below(figure: float | None, limit: float) -> Lamp:
    if figure is None:
        return Lamp.UNKNOWN
    return Lamp.ON if figure < limit else Lamp.OFF


def _by_name(counts: Mapping[int, int]) -> dict[str, int]:
    return {str(label): count for label, count in counts.items()}
