"""Looking up inside one pass of an encoder: that of a large one over a single long text takes many seconds, and on slow
cores that of the bundled one over a piece of the longest texts three.

Smaller pieces would not do: a text cannot be cut in two. So an encoder is looked at between its layers, on the way back
too; but for a tiny one, whose passes are short anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from torch import Tensor, nn

from modelsvc.types import Look, OnProgress, Progress, unwatched

SMALL = 1_000_000  # weights that each token passes in all layers; the bundled encoder has 10.6 million


@contextmanager
def looked_at(model: Any, look: Look) -> Iterator[Look]:
    """Within it `look` is called before each layer of a model that is not SMALL, and as each one's gradient comes back;
    it may raise to stop. No number changes by it. Gives what a pass that goes around the model's modules is to call.
    """
    layers = layers_of(model)
    if _weights_passed(model, layers) <= SMALL:
        yield unwatched
        return

    def before(_: nn.Module, __: Any) -> None:
        look()

    def after(_: nn.Module, __: Any, output: Any) -> None:
        hidden: Tensor = output[0] if isinstance(output, tuple) else output
        if hidden.requires_grad:
            hidden.register_hook(lambda _: look())  # type: ignore[no-untyped-call]

    hooks = [layer.register_forward_pre_hook(before) for layer in layers]
    hooks += [layer.register_forward_hook(after) for layer in layers]
    try:
        yield look
    finally:
        for hook in hooks:
            hook.remove()


@contextmanager
def told_between_layers(model: Any, stage: str, on_progress: OnProgress) -> Iterator[tuple[OnProgress, Look]]:
    """Within it what was told last is told again between the layers, without its loss, which was told. Gives whom to
    tell instead of `on_progress`, and what `looked_at` gives."""
    last = Progress(stage, 0.0)

    def tell(progress: Progress) -> None:
        nonlocal last
        last = progress
        on_progress(progress)

    with looked_at(model, lambda: on_progress(replace(last, loss=None))) as look:
        yield tell, look


def layers_of(model: Any) -> list[nn.Module]:
    """The model's layers, lowest first: its longest list of modules, whatever this architecture calls it."""
    return max((list(module) for module in model.modules() if isinstance(module, nn.ModuleList)), key=len, default=[])


def _weights_passed(model: Any, layers: list[nn.Module]) -> float:
    """Of an architecture that uses one layer several times it counts as often."""
    weights = sum(parameter.numel() for layer in layers for parameter in layer.parameters())
    times = getattr(model.config, "num_hidden_layers", len(layers)) / max(len(layers), 1)
    return float(weights * times)
