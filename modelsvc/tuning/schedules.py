"""Learning rates: how they rise and fall over a run, how they fall from layer to layer, and how long a run is.

Pure functions of a position in 0..1 or of a count. The shape is ULMFiT's slanted triangle (Howard & Ruder 2018,
arXiv 1801.06146): a short rise, a long fall.
"""

from __future__ import annotations

import math


def slanted_triangle(position: float, *, warmup: float) -> float:
    """The share of the peak rate at `position` 0..1 of the run: up over the first `warmup`, then down to 0 at 1."""
    position = min(max(position, 0.0), 1.0)
    if position < warmup:
        return position / warmup
    return (1.0 - position) / (1.0 - warmup) if warmup < 1 else 1.0


def thawed_layers(position: float, *, layers: int, over: float) -> int:
    """How many layers learn at `position` 0..1 when they thaw one by one, top first, over the first `over` of a run."""
    if over <= 0 or position >= over:
        return layers
    return min(layers, 1 + int(position / over * layers))


def layer_rates(layers: int, *, peak: float, decay: float) -> list[float]:
    """The peak rate of each transformer layer, lowest layer first: the top one has `peak`, each below `decay` of it."""
    return [peak * decay ** (layers - 1 - layer) for layer in range(layers)]


def total_steps(labels: int, *, batch: int, least: int = 60, epochs_at_100: float = 17.0, most: int = 260) -> int:
    """How many optimiser steps to train for on `labels` texts.

    A budget of steps and not of epochs: few labels need many epochs to be learnt at all (Mosbach et al. 2021,
    arXiv 2006.04884), many labels need few. Epochs fall with the square root of the labels beyond 100; steps stay
    within `least` and `most`, except that every text is seen twice.
    """
    epochs = epochs_at_100 * math.sqrt(100 / max(labels, 100))
    steps = math.ceil(epochs * labels / batch)
    return max(min(max(steps, least), most), math.ceil(2 * labels / batch))
