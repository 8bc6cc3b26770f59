"""How a run's loss fell, as a Vega-Lite specification. Pure: from the points of a run's log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from labeller.insight.saved_picture import KeyEntry
from labeller.insight.vega_frame import frame
from labeller.numerals import decimal


def loss_key() -> list[KeyEntry]:
    name = _("mean loss of a stretch of steps; a line for each stage")
    return [KeyEntry(name, "accent", shape="circle", is_filled=True)]


@dataclass(frozen=True)
class LossPoint:
    """The mean loss of a stretch of steps, up to `step`, reached after `seconds`."""

    stage: str
    step: int
    loss: float
    seconds: float


def loss_points(log: Sequence[dict[str, Any]]) -> list[LossPoint]:
    """Those entries of TrainingRun.log that tell a loss."""
    return [LossPoint(one["stage"], one["step"], one["loss"], one["seconds"]) for one in log if "loss" in one]


def loss_spec(points: Sequence[LossPoint]) -> dict[str, Any]:
    """Loss against steps; each stage has a line of its own, for their losses are not the same thing."""
    names = {"Stage": _("Stage"), "Step": _("Step"), "Loss": _("Loss")}
    told = [{"field": field, "title": name, "type": "nominal"} for field, name in names.items()]
    y = {"field": "loss", "type": "quantitative", "title": _("Loss")}
    return frame(
        _("Loss against training steps."),
        data={"values": [_point(one) for one in points]},
        encoding={
            "x": {
                "field": "step",
                "type": "quantitative",
                "title": _("Steps"),
                "axis": {"grid": False, "tickCount": 6},
            },
            "y": y | {"axis": {"tickCount": 5, "domain": False, "ticks": False}},
            "detail": {"field": "Stage"},
        },
        layer=[
            {"mark": {"type": "line", "strokeWidth": 2, "color": {"expr": "accent"}}},
            {
                "mark": {"type": "point", "filled": True, "size": 30, "opacity": 1, "color": {"expr": "accent"}},
                "encoding": {"tooltip": told},
            },
        ],
    )


def _point(one: LossPoint) -> dict[str, Any]:
    told = {"Stage": one.stage, "Step": str(one.step), "Loss": decimal(one.loss, 4)}
    return {"step": one.step, "loss": one.loss} | told
