"""Forecast and advice in words. Pure: from the stored reading to what the page says."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, inf, isinf
from statistics import fmean
from typing import Any

from labeller.insight.extrapolation import FACTOR, HORIZON, Needed, band_at, farthest, needed, value_at
from labeller.insight.outlook import Law, Reading
from labeller.insight.selectors import Estimate

HIGHEST = 99  # per cent: no curve is known to reach 100


@dataclass(frozen=True)
class Lamp:
    """One sign. `state` colours it, `word` says the same."""

    state: str  # good: speaks for stopping; bad: against; unknown
    word: str
    detail: str


@dataclass(frozen=True)
class Ahead:
    """A point of the forecast's table."""

    labels: int
    accuracy: Estimate


@dataclass(frozen=True)
class Outlook:
    """The section between curve and tables."""

    title: str
    advice: str
    lamps: list[Lamp]
    target: int  # per cent
    forecast: str
    ahead: list[Ahead]


def outlook(reading: Reading | None, target: int | None) -> Outlook | None:
    """None without a reading: the next model brings one."""
    if reading is None or not reading.advice:
        return None
    wanted = target or usual_target(reading.law)
    title, advice = _advice(reading)
    shown = reading.law if reading.law and reading.law.passed else None
    return Outlook(
        title=title,
        advice=advice,
        lamps=[_settled(reading), _sure(reading), _flat(reading)],
        target=wanted,
        forecast=forecast_sentence(reading.law, wanted),
        ahead=[] if shown is None else [_ahead(shown, times) for times in (1.0, 1.25, 1.5, HORIZON)],
    )


def usual_target(law: Law | None) -> int:
    """The next full 5 per cent that is at least a point away."""
    if law is None:
        return 90
    return min(HIGHEST, 5 * floor(100 * value_at(law.best, law.labels) / 5 + 0.2) + 5)


def forecast_sentence(law: Law | None, target: int) -> str:
    if law is None:
        return "There is no forecast yet: it takes six models with 30 audit texts or more."
    if not law.passed:
        return (
            f"No forecast: one made from the first 70 % of the {law.points} models missed the others by "
            f"{100 * law.miss:.1f} points on average, and more than 3 is too much."
        )
    found = needed(law.drawn, target / 100, now=law.labels)
    if found.labels <= law.labels:
        return f"By this curve the model is at {target} % already, or so close that nobody can tell."
    if found.named is not None:
        return f"To reach {target} % you will need about {_more(found.named, found, law)}."
    if found.is_far:
        return (
            f"To reach {target} % will probably take more than twice the {law.labels:,} labels there are, if labels "
            f"alone reach it at all. Further than that no forecast goes.{_nearer(law)}"
        )
    low, high = (round_labels(count - law.labels) for count in (found.low, found.high))
    span = f"{low:,.0f} or more, or labels alone are not enough" if isinf(high) else f"{low:,.0f} to {high:,.0f}"
    wait = "More audit texts narrow it."
    return f"How many more labels {target} % takes cannot be told well yet: {span}. {wait}{_nearer(law)}"


def _nearer(law: Law) -> str:
    """The farthest target that a number can be named for, where another was asked for."""
    found = farthest(law.drawn, value_at(law.best, law.labels), now=law.labels)
    if found is None or found[1].named is None:
        return ""
    target, asked = found
    return f" What can be told: {target} % will need about {_more(found[1].named, asked, law)}."


def _more(named: float, found: Needed, law: Law) -> str:
    """As in: 63 more labels (50 to 100). The range is the one that replays vouch for, a factor of FACTOR, or the
    curves' own interval where that ends before."""
    ends = max(found.low, named / FACTOR), min(found.high, named * FACTOR)
    middle, low, high = (round_labels(count - law.labels) for count in (named, *ends))
    return f"{middle:,.0f} more labels ({low:,.0f} to {high:,.0f})"


def round_labels(count: float) -> float:
    """To two digits that mean something: 7 -> 7, 213 -> 210, 1480 -> 1500."""
    if isinf(count) or count < 10:
        return inf if isinf(count) else float(round(count))
    digits = 10 ** (len(str(int(count))) - 2)
    return float(round(count / digits) * digits)


def _ahead(law: Law, times: float) -> Ahead:
    labels = times * law.labels
    low, high = band_at(law.drawn, labels)
    return Ahead(round(labels), Estimate(value_at(law.best, labels), low, high))


def _advice(reading: Reading) -> tuple[str, str]:
    advice = reading.advice
    if advice["word"] == "not yet":
        return "Too early for advice", f"Whether to stop cannot be said yet: {_missing(reading)}."
    if advice["word"] == "stop":
        return (
            "You may stop here",
            "Two of the three signs speak for stopping. If the accuracy is good enough for your purpose, stop; if not, "
            "better guidelines or another encoder will do more than labels.",
        )
    against = sum(lamp.state == "bad" for lamp in (_settled(reading), _sure(reading), _flat(reading)))
    signs = {0: "too few signs speak for stopping", 1: "one sign speaks against stopping"}
    return "Keep going", f"{signs.get(against, f'{against} of the three signs speak against stopping').capitalize()}."


def _missing(reading: Reading) -> str:
    parts = []
    if audit := reading.advice["audit_missing"]:
        parts.append(f"{audit} more audit text{'' if audit == 1 else 's'} must be answered, so that there are 100")
    rare = sorted(reading.advice["too_rare"].items(), key=lambda item: item[1])
    if rare:
        named = [f"“{reading.label_names.get(int(label), 'a label')}” ({seen})" for label, seen in rare[:3]]
        others = f" and {len(rare) - 3} others" if len(rare) > 3 else ""
        parts.append(f"every label must be met 5 times, and these were not: {', '.join(named)}{others}")
    return "; ".join(parts)


def _settled(reading: Reading) -> Lamp:
    state = reading.advice["settled"]
    detail = "No earlier model to compare with."
    if reading.unchanged is not None:
        detail = f"{100 * reading.unchanged:.1f} % of answers are those of the model before."
    kappas = _signs(reading).get("kappas", [])[-_limits(reading).get("window", 0) :]
    if kappas and state != "unknown":
        least = _limits(reading)["settled"]
        detail += f" Agreement beyond chance: {fmean(kappas):.3f} over {len(kappas)} models; {least:g} is wanted."
    return _lamp(state, detail, on="Predictions have settled", off="Predictions still change")


def _sure(reading: Reading) -> Lamp:
    detail = f"The model is less than 80 % sure of {100 * reading.doubtful:.0f} % of the texts."
    entropy = _signs(reading).get("entropy")
    if entropy is not None:
        detail += f" Doubt left (entropy): {100 * entropy:.0f} % of the most there can be; below "
        detail += f"{100 * _limits(reading)['sure']:g} % is wanted."
    return _lamp(reading.advice["sure"], detail, on="Little doubt is left", off="Some doubt is left")


def _flat(reading: Reading) -> Lamp:
    law = reading.law
    detail = "No forecast that can be relied on."
    if law is not None and law.passed:
        value, low, high = (100 * part for part in (law.gain.value, law.gain.low, law.gain.high))
        detail = f"The next {law.more:,} labels: {value:+.1f} points ({low:.1f} to {high:.1f})."
        if "gain" in _limits(reading):
            detail += f" Wanted is that they bring less than {100 * _limits(reading)['gain']:g} at most."
    return _lamp(reading.advice["flat"], detail, on="More labels help little", off="More labels still help")


def _signs(reading: Reading) -> dict[str, Any]:
    """What was measured; empty for advice from before it was kept."""
    found: dict[str, Any] = reading.advice.get("signs", {})
    return found


def _limits(reading: Reading) -> dict[str, Any]:
    """The limits of that time."""
    found: dict[str, Any] = reading.advice.get("limits", {})
    return found


def _lamp(state: str, detail: str, *, on: str, off: str) -> Lamp:
    if state == "unknown":
        return Lamp("unknown", f"Not known: {on[0].lower()}{on[1:]}", detail)
    return Lamp("good", on, detail) if state == "on" else Lamp("bad", off, detail)
