"""Confidence against being right: the stored bins as a Vega-Lite specification and in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import floor
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from labeller.insight.saved_picture import KeyEntry
from labeller.insight.selectors import Estimate
from labeller.insight.sentences import percent_range
from labeller.insight.shares import share
from labeller.insight.vega_frame import frame
from labeller.numerals import decimal

LEAST_OF_A_KIND = 5  # answers, as wherever a figure leans on few


def reliability_key() -> list[KeyEntry]:
    return [
        KeyEntry(_("share right"), "accent", shape="circle", is_filled=True),
        KeyEntry(_("95 %% interval") % {}, "accent", is_band=True),
        KeyEntry(_("right as often as sure"), "soft", [5, 4]),
    ]


@dataclass(frozen=True)
class Bin:
    """Answers of like confidence."""

    n: int
    low: float  # least and greatest confidence
    high: float
    confidence: float  # their mean
    right: Estimate


@dataclass(frozen=True)
class Calibration:
    """modelsvc.evaluation.reliability.Reliability as it was stored with a version."""

    n: int
    bins: list[Bin]
    error: Estimate
    by_chance: float

    @classmethod
    def read(cls, stored: dict[str, Any] | None) -> Calibration | None:
        """From ModelVersion.metrics["reliability"]; None for a version without."""
        error = Estimate.read(stored["error"]) if stored else None
        if stored is None or error is None:
            return None
        bins = [Bin(**one | {"right": right}) for one in stored["bins"] if (right := Estimate.read(one["right"]))]
        return cls(stored["n"], bins, _with_few_wrong(error, bins), stored["by_chance"])

    @property
    def sentence(self) -> str:
        """What the figure means for somebody who reads a confidence."""
        error, least, most = (100 * share for share in (self.error.value, self.error.low, self.error.high))
        off = _("Its confidence is %(error)s points away from the share that is right (%(low)s to %(high)s).")
        off %= {"error": decimal(error, 1), "low": decimal(least, 1), "high": decimal(most, 1)}
        return f"{off} {self._meaning()}"

    def _meaning(self) -> str:
        if not self.error.low:
            told = _("So much comes by chance alone with %(n)s answers: nothing speaks against its confidence.")
            return told % {"n": self.n}
        sure = sum(one.n * one.confidence for one in self.bins) / self.n
        right = sum(one.n * one.right.value for one in self.bins) / self.n
        if sure > right:
            return _("It is too sure: read its confidence with care.")
        return _("It is less sure than it may be: read its confidence with care.")


def _with_few_wrong(error: Estimate, bins: Sequence[Bin]) -> Estimate:
    """Resampling answers that are all right never meets a wrong one. Where fewer than five are wrong, or right, the
    error may be as large as the share right may be away from the confidence."""
    n, sure = sum(one.n for one in bins), sum(one.n * one.confidence for one in bins)
    right = sum(round(one.n * one.right.value) for one in bins)
    if not n or min(right, n - right) >= LEAST_OF_A_KIND:
        return error
    known = share(right, n)
    return replace(error, high=max(error.high, sure / n - known.low, known.high - sure / n))


def reliability_spec(bins: Sequence[Bin]) -> dict[str, Any]:
    """Share right against confidence, with 95 % bars; on the dashed line the two are the same."""
    lowest = min((min(one.confidence, one.right.low) for one in bins), default=0.0)
    least = min(0.8, floor(lowest * 5) / 5)  # both axes alike, or the line would lie
    share = {"type": "quantitative", "scale": {"domain": [least, 1]}}
    axis = {"format": ".0%", "tickCount": 5}
    y = share | {
        "field": "value",
        "title": pgettext("answered rightly", "Right"),
        "axis": axis | {"domain": False, "ticks": False},
    }
    x = share | {"field": "confidence", "title": _("Confidence"), "axis": axis | {"grid": False}}
    ends = {"x": x | {"field": "from"}, "x2": {"field": "to"}, "y": y | {"field": "from"}, "y2": {"field": "to"}}
    return frame(
        _("Share of right answers against confidence, with 95 %% bars.") % {},
        layer=[
            {
                "data": {"values": [{"from": least, "to": 1}]},
                "mark": {"type": "rule", "strokeDash": [5, 4], "color": {"expr": "soft"}},
                "encoding": ends,
            },
            {
                "data": {"values": [_point(one) for one in bins]},
                "encoding": {"x": x, "y": y},
                "layer": [
                    {
                        "mark": {"type": "rule", "strokeWidth": 6, "opacity": 0.25, "color": {"expr": "accent"}},
                        "encoding": {"y": y | {"field": "low"}, "y2": {"field": "high"}},
                    },
                    {"mark": {"type": "line", "color": {"expr": "accent"}, "strokeWidth": 1.75}},
                    {
                        "mark": {"type": "point", "filled": True, "opacity": 1, "color": {"expr": "accent"}},
                        "encoding": {"size": {"value": 64}, "tooltip": _told()},
                    },
                ],
            },
        ],
    )


def _told() -> list[dict[str, str]]:
    names = {"Confidence": _("Confidence"), "Right": pgettext("answered rightly", "Right"), "Answers": _("Answers")}
    return [{"field": field, "title": name, "type": "nominal"} for field, name in names.items()]


def _point(one: Bin) -> dict[str, Any]:
    return {
        "confidence": one.confidence,
        "value": one.right.value,
        "low": one.right.low,
        "high": one.right.high,
        "Confidence": _("%(low)s to %(high)s %%") % {"low": f"{100 * one.low:.0f}", "high": f"{100 * one.high:.0f}"},
        "Right": percent_range(one.right),
        "Answers": str(one.n),
    }
