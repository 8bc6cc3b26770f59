"""Which texts and labels are taken, and why others are not. Pure functions: the import asks them, and a replay."""

from __future__ import annotations

from labeller.corpus import reasons
from labeller.storable import fault_of

LONGEST_TEXT = 100_000  # characters
LONGEST_LABEL = 100


class Refusal(Exception):
    """Why this is not taken."""


def taken_text(value: str) -> str:
    """Without outer blanks. Raises Refusal."""
    text = value.strip()
    if not text:
        raise Refusal(reasons.EMPTY_TEXT)
    if len(text) > LONGEST_TEXT:
        raise Refusal(reasons.LONG_TEXT % {"found": f"{len(text):,}", "most": f"{LONGEST_TEXT:,}"})
    return storable(text, reasons.THE_TEXT)


def taken_label(name: str) -> str:
    """Raises Refusal."""
    if len(name) > LONGEST_LABEL:
        raise Refusal(reasons.LONG_LABEL % {"found": len(name), "most": LONGEST_LABEL})
    return storable(name, reasons.A_LABEL)


def storable(value: str, what: str) -> str:
    """What every database can hold. Raises Refusal for NUL and for half of a surrogate pair."""
    match fault_of(value):
        case "a NUL":
            raise Refusal(reasons.NUL % {"what": what})
        case "half a pair":
            raise Refusal(reasons.HALF_A_PAIR % {"what": what})
    return value
