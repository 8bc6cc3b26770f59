"""Forecast and advice in words. Pure: from the stored reading to what the page says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import floor, inf, isinf

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from labeller.insight.change_words import quoted
from labeller.insight.extrapolation import FACTOR, HORIZON, Needed, band_at, farthest, needed, value_at
from labeller.insight.lamps import Lamp, lamps_of
from labeller.insight.outlook import Law, Reading
from labeller.insight.selectors import Estimate
from labeller.numerals import decimal, whole

HIGHEST = 99  # per cent: no curve is known to reach 100
NAMED = 3  # labels that were not met often enough


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
    if reading.is_outgrown:
        return _waiting(reading, wanted)
    lamps = lamps_of(reading)
    title, advice = _advice(reading, lamps)
    shown = reading.law if reading.law and reading.law.passed else None
    return Outlook(
        title=title,
        advice=advice,
        lamps=lamps,
        target=wanted,
        forecast=forecast_sentence(reading.law, wanted),
        ahead=[] if shown is None else [_ahead(shown, labels) for labels in _counts(shown)],
    )


def _waiting(reading: Reading, target: int) -> Outlook:
    """After an import: what the model said of the pool is of the pool before."""
    new = reading.texts - reading.pool_size
    said = ngettext(
        "%(new)s text has come since model %(number)d read the %(texts)s texts there were. It may be of another kind: "
        "advice, forecast and shares wait for a model that has read it.",
        "%(new)s texts have come since model %(number)d read the %(texts)s texts there were. They may be of another "
        "kind: advice, forecast and shares wait for a model that has read them.",
        new,
    )
    told = {"new": whole(new), "number": reading.number, "texts": whole(reading.pool_size)}
    return Outlook(_("New texts have come"), said % told, [], target, "", [])


def usual_target(law: Law | None) -> int:
    """The next full 5 per cent that is at least a point away."""
    if law is None:
        return 90
    return min(HIGHEST, 5 * floor(100 * value_at(law.best, law.labels) / 5 + 0.2) + 5)


def forecast_sentence(law: Law | None, target: int) -> str:
    if law is None:
        return _(
            "There is no forecast yet: it takes six models with 30 audit texts or more, the last with at least twice "
            "the labels of the first. The first full model in use begins anew."
        )
    if law.fell:
        return _("No forecast: over the %(models)d models so far accuracy falls, and every law tried here rises.") % {
            "models": law.points
        }
    if not law.passed:
        return _(
            "No forecast: one made from the first 70 %% of the %(models)d models missed the others by %(miss)s points "
            "on average, and more than 3 is too much."
        ) % {"models": law.points, "miss": decimal(100 * law.miss, 1)}
    found = needed(law.drawn, target / 100, now=law.labels)
    if found.labels <= law.labels:
        return _("By this curve the model is at %(target)d %% already, or so close that nobody can tell.") % {
            "target": target
        }
    if found.named is not None and found.named > law.texts:
        told = _("To reach %(target)d %% about %(middle)s more labels (%(low)s to %(high)s) would be needed.")
        told %= _more(target, found.named, found, replace(law, texts=inf))
        return " ".join(part for part in (told, _end(law), _nearer(law)) if part)
    if found.named is not None:
        return _("To reach %(target)d %% you will need about %(middle)s more labels (%(low)s to %(high)s).") % _more(
            target, found.named, found, law
        )
    told = _too_far(law, target) if found.is_far else _not_told(found, law.labels, target)
    end = _end(law) if HORIZON * law.labels > law.texts else ""
    return " ".join(part for part in (told, end, _nearer(law)) if part)


def _end(law: Law) -> str:
    return ngettext(
        "The pool has only %(left)s text left to label.", "The pool has only %(left)s texts left to label.", law.left
    ) % {"left": whole(law.left)}


def _too_far(law: Law, target: int) -> str:
    return _(
        "To reach %(target)d %% will probably take more than twice the %(labels)s labels there are, if labels "
        "alone reach it at all. Further than that no forecast goes."
    ) % {"target": target, "labels": whole(law.labels)}


def _not_told(found: Needed, now: int, target: int) -> str:
    low, high = (round_labels(count - now) for count in (found.low, found.high))
    told = {"target": target, "low": _n(low), "high": _n(high)}
    if isinf(high):
        said = _(
            "How many more labels %(target)d %% takes cannot be told well yet: %(low)s or more, or labels alone "
            "are not enough. More audit texts narrow it."
        )
    else:
        said = _(
            "How many more labels %(target)d %% takes cannot be told well yet: %(low)s to %(high)s. More audit texts "
            "narrow it."
        )
    return said % told


def _nearer(law: Law) -> str:
    """The farthest target that a number can be named for, where another was asked for; empty without one."""
    found = farthest(law.drawn, value_at(law.best, law.labels), now=law.labels, most=law.texts)
    if found is None or found[1].named is None:
        return ""
    target, asked = found
    return _("What can be told: %(target)d %% will need about %(middle)s more labels (%(low)s to %(high)s).") % _more(
        target, found[1].named, asked, law
    )


def _more(target: int, named: float, found: Needed, law: Law) -> dict[str, object]:
    """As in: 63 more labels (50 to 100). The range is the one that replays vouch for, a factor of FACTOR, or the
    curves' own interval where that ends before."""
    ends = max(found.low, named / FACTOR), min(found.high, named * FACTOR, law.texts)
    middle, low, high = (_n(round_labels(count - law.labels)) for count in (named, *ends))
    return {"target": target, "middle": middle, "low": low, "high": high}


def _n(labels: float) -> str:
    return "" if isinf(labels) else whole(round(labels))


def round_labels(count: float) -> float:
    """To two digits that mean something: 7 -> 7, 213 -> 210, 1480 -> 1500."""
    if isinf(count) or count < 10:
        return inf if isinf(count) else float(round(count))
    digits = 10 ** (len(str(int(count))) - 2)
    return float(round(count / digits) * digits)


def _counts(law: Law) -> list[float]:
    """Labels at which the table looks ahead, as far as the pool goes."""
    most = max(law.texts, law.labels)
    return sorted({min(times * law.labels, most) for times in (1.0, 1.25, 1.5, HORIZON)})


def _ahead(law: Law, labels: float) -> Ahead:
    low, high = band_at(law.drawn, labels)
    return Ahead(round(labels), Estimate(value_at(law.best, labels), low, high))


def _advice(reading: Reading, lamps: Sequence[Lamp]) -> tuple[str, str]:
    advice = reading.advice
    if advice["word"] == "not yet":
        missing = "; ".join(_missing(reading))
        return _("Too early for advice"), _("Whether to stop cannot be said yet: %(missing)s.") % {"missing": missing}
    if advice["word"] == "stop":
        return _("You may stop here"), _(
            "Two of the three signs speak for stopping. If the accuracy is good enough for your purpose, stop; if not, "
            "better guidelines or another encoder will do more than labels."
        )
    if advice["word"] == "untried":
        return _("No advice to stop"), _(
            "With several labels a text nobody has tried what these signs are worth: a model that never gives a rare "
            "label looks settled and sure too. Judge by macro-F1 and by each label’s recall."
        )
    against = sum(lamp.state == "bad" for lamp in lamps)
    if not against:
        return _("Keep going"), _("Too few signs speak for stopping.")
    if against == 1:
        return _("Keep going"), _("One sign speaks against stopping.")
    return _("Keep going"), _("%(against)d of the three signs speak against stopping.") % {"against": against}


def _missing(reading: Reading) -> list[str]:
    parts = []
    if reading.advice["audit_missing"] and reading.sample:
        said = _("audit texts that are a fair sample of old and new texts alike: %(texts)s, and 100 are needed")
        parts.append(said % {"texts": whole(reading.sample.texts)})
    elif audit := reading.advice["audit_missing"]:
        parts.append(
            ngettext(
                "%(texts)d more audit text must be answered, so that there are 100",
                "%(texts)d more audit texts must be answered, so that there are 100",
                audit,
            )
            % {"texts": audit}
        )
    if rare := sorted(reading.advice["too_rare"].items(), key=lambda item: item[1]):
        names = {label: reading.label_names.get(int(label), _("a label")) for label, _seen in rare[:NAMED]}
        named = ", ".join(f"{quoted(names[label])} ({seen})" for label, seen in rare[:NAMED])
        parts.append(_rare(named, len(rare) - NAMED))
    return parts


def _rare(named: str, others: int) -> str:
    if others <= 0:
        return _("every label must be met 5 times, and these were not: %(labels)s") % {"labels": named}
    return ngettext(
        "every label must be met 5 times, and these were not: %(labels)s and %(others)d other",
        "every label must be met 5 times, and these were not: %(labels)s and %(others)d others",
        others,
    ) % {"labels": named, "others": others}
