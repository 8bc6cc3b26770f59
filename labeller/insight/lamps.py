"""The three signs of the advice to stop, in words: what was measured, and what is wanted. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from labeller.insight.outlook import Reading
from labeller.numerals import decimal, whole


@dataclass(frozen=True)
class Lamp:
    """One sign. `state` colours it, `word` says the same."""

    state: str  # good: speaks for stopping; bad: against; unknown
    word: str
    detail: str


def lamps_of(reading: Reading) -> list[Lamp]:
    return [_settled(reading), _sure(reading), _flat(reading)]


def _settled(reading: Reading) -> Lamp:
    words = (
        _("Predictions have settled"),
        _("Predictions still change"),
        _("Not known: predictions have settled"),
    )
    kappas = _signs(reading).get("kappas", [])[-_limits(reading).get("window", 0) :]
    if kappas and reading.advice["settled"] != "unknown":
        # Alone: the newest model may agree with the one before in all it says, or have none that it is compared with.
        detail = ngettext(
            "Agreement beyond chance with the model before: %(kappa)s; from %(least)s on it counts as settled.",
            "Agreement beyond chance, mean of the last %(models)d models: %(kappa)s; from %(least)s on it counts as "
            "settled.",
            len(kappas),
        ) % {"kappa": decimal(fmean(kappas), 3), "models": len(kappas), "least": _short(_limits(reading)["settled"])}
    elif reading.unchanged is None:
        detail = _("No earlier model to compare with.")
    else:
        detail = _("%(share)s %% of answers are those of the model before.") % {
            "share": decimal(100 * reading.unchanged, 1)
        }
    return _lamp(reading.advice["settled"], words, detail)


def _sure(reading: Reading) -> Lamp:
    words = _("Little doubt is left"), _("Some doubt is left"), _("Not known: little doubt is left")
    detail = _("The model is less than 80 %% sure of %(share)s %% of the texts.") % {
        "share": decimal(100 * reading.doubtful, 0)
    }
    entropy = _signs(reading).get("entropy")
    if entropy is not None:
        doubt = _("Doubt left (entropy): %(left)s %% of the most there can be; below %(least)s %% is wanted.") % {
            "left": decimal(100 * entropy, 0),
            "least": _short(100 * _limits(reading)["sure"]),
        }
        detail = f"{detail} {doubt}"
    return _lamp(reading.advice["sure"], words, detail)


def _flat(reading: Reading) -> Lamp:
    words = _("More labels help little"), _("More labels still help"), _("Not known: more labels help little")
    law = reading.law
    detail = _("No forecast that can be relied on.")
    if _signs(reading).get("multi_label"):
        detail = _("The forecast is of whole answers and says too little of rare labels.")
    elif law is not None and law.passed:
        value, low, high = (100 * part for part in (law.gain.value, law.gain.low, law.gain.high))
        said = _("The next %(labels)s labels: %(gain)s points (%(low)s to %(high)s).")
        if law.more < law.labels and law.texts <= law.labels + law.more:
            said = _("All %(labels)s texts left in the pool: %(gain)s points (%(low)s to %(high)s).")
        detail = said % {
            "labels": whole(law.more),
            "gain": f"{'+' if value >= 0 else ''}{decimal(value, 1)}",
            "low": decimal(low, 1),
            "high": decimal(high, 1),
        }
        if "gain" in _limits(reading):
            wanted = _("Wanted is that they bring less than %(most)s at most.") % {
                "most": _short(100 * _limits(reading)["gain"])
            }
            detail = f"{detail} {wanted}"
    return _lamp(reading.advice["flat"], words, detail)


def _signs(reading: Reading) -> dict[str, Any]:
    """What was measured; empty for advice from before it was kept."""
    found: dict[str, Any] = reading.advice.get("signs", {})
    return found


def _limits(reading: Reading) -> dict[str, Any]:
    """The limits of that time."""
    found: dict[str, Any] = reading.advice.get("limits", {})
    return found


def _short(limit: float) -> str:
    """Without idle zeros: 0.99 -> "0.99", 5.0 -> "5"."""
    digits = f"{limit:g}"
    return decimal(limit, len(digits.partition(".")[2]))


def _lamp(state: str, words: tuple[str, str, str], detail: str) -> Lamp:
    """`words`: when the sign is on, when it is off, when it is not known."""
    on, off, unknown = words
    if state == "unknown":
        return Lamp("unknown", unknown, detail)
    return Lamp("good", on, detail) if state == "on" else Lamp("bad", off, detail)
