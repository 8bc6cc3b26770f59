"""An encoder learns without padding where its layers are known, and reads as before afterwards."""

from __future__ import annotations

import pytest
import torch

from modelsvc.encoding.encoder import Encoder
from modelsvc.tuning.in_training import in_training, own_copy
from modelsvc.types import silent

TEXTS = ["You may not sue us.", "hm", "We may change these terms at any time. " * 9]


class Stop(Exception):
    pass


def passes_its_layers(encoder: Encoder) -> bool:
    """Whether the model itself is called to learn from a batch."""
    called: list[bool] = []
    hook = encoder.model.register_forward_pre_hook(lambda *_: called.append(True))
    encoder.pooled(encoder.pad(encoder.tokenize(TEXTS), range(len(TEXTS)))).sum().backward()  # type: ignore[no-untyped-call]
    hook.remove()
    return bool(called)


@pytest.mark.parametrize(
    ("kind", "packed"), [("bert", True), ("roberta", True), ("mpnet", False), ("modernbert", False)]
)
def test_the_models_own_layers_are_passed_only_where_they_are_not_known(encoders, kind, packed):
    encoder = own_copy(encoders(kind))
    with in_training(encoder, "learning", seed=0, on_progress=silent):
        encoder.model.train()
        assert passes_its_layers(encoder) is not packed
    assert passes_its_layers(encoder)


def test_a_training_that_was_stopped_leaves_no_trace_of_it(tiny):
    encoder = own_copy(tiny)
    with pytest.raises(Stop), in_training(encoder, "learning", seed=0, on_progress=silent):
        raise Stop
    assert encoder.passing is None


@pytest.mark.parametrize("half", [False, True], ids=["float32", "bfloat16"])
def test_both_ways_teach_the_same_over_long_texts_too(bundled, half):
    slopes = []
    for packed in (False, True):
        encoder = own_copy(bundled)
        with in_training(encoder, "learning", seed=0, on_progress=silent):
            encoder.passing = encoder.passing if packed else None
            encoder.model.eval()  # no dropout, whose masks differ
            with torch.autocast("cpu", torch.bfloat16, enabled=half):
                vectors = encoder.pooled(encoder.pad(encoder.tokenize(TEXTS), range(len(TEXTS))))
            (vectors * torch.linspace(-1, 1, vectors.numel()).view(vectors.shape)).sum().backward()  # type: ignore[no-untyped-call]
            slopes.append(encoder.model.encoder.layer[0].output.dense.weight.grad)
    largest = float(slopes[0].abs().max())
    assert float((slopes[0] - slopes[1]).abs().max()) < (0.03 if half else 1e-4) * largest
