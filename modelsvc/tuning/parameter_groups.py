"""Which weights learn, and how fast: discriminative rates by layer (Howard & Ruder 2018, arXiv 1801.06146)."""

from __future__ import annotations

from typing import Any

from torch import nn

from modelsvc.encoding.looked_at import layers_of
from modelsvc.tuning.finetune_config import FineTuneConfig, FineTuneError
from modelsvc.tuning.schedules import layer_rates


def parameter_groups(model: Any, head: nn.Module, config: FineTuneConfig) -> list[dict[str, Any]]:
    """AdamW's groups, each with its `peak` rate: the head, then layer by layer with decay; matrices apart from biases
    and norms, which are not decayed. What lies outside the layers moves as slowly as the lowest one."""
    layers = transformer_layers(model)
    rates = layer_rates(len(layers), peak=config.lr, decay=config.layer_decay)
    rate_of = {id(p): rate for layer, rate in zip(layers, rates, strict=True) for p in layer.parameters()}
    if config.freeze_embeddings:
        model.get_input_embeddings().requires_grad_(False)
    members: dict[tuple[float, float], list[nn.Parameter]] = {}
    for module, rate in ((head, config.head_lr), (model, None)):
        for parameter in module.parameters():
            if parameter.requires_grad:
                decay = config.weight_decay if parameter.ndim > 1 else 0.0
                peak = rate if rate is not None else rate_of.get(id(parameter), rates[0])
                members.setdefault((peak, decay), []).append(parameter)
    return [{"params": found, "peak": peak, "lr": peak, "weight_decay": d} for (peak, d), found in members.items()]


def transformer_layers(model: Any) -> list[nn.Module]:
    """The layers to tune, lowest first. Raises FineTuneError for a model without."""
    layers = layers_of(model)
    if not layers:
        raise FineTuneError(f"{type(model).__name__} has no list of layers to tune.")
    return layers


class Thaw:
    """Gradual unfreezing: lets the top layers learn and holds the rest, which also saves their backward pass.

    Only weights that learnt when it was made are ever held, so a table that is to stay frozen stays so. What lies
    outside the layers (the norm after the word vectors) thaws with the lowest one.
    """

    def __init__(self, model: Any) -> None:
        layers = transformer_layers(model)
        inside = {id(p) for layer in layers for p in layer.parameters()}
        rest = [p for p in model.parameters() if p.requires_grad and id(p) not in inside]
        self._levels = [[p for p in layer.parameters() if p.requires_grad] for layer in layers]
        self._levels[0] += rest

    def top(self, layers: int) -> None:
        """Let the `layers` top ones learn, and no other."""
        for below_top, level in enumerate(reversed(self._levels)):
            for parameter in level:
                parameter.requires_grad_(below_top < layers)

    def __len__(self) -> int:
        return len(self._levels)
