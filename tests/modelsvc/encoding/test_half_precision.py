"""Each encoder has its own verdict on bfloat16: faster here, and pointing the same way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from modelsvc.encoding import half_precision, looked_at
from modelsvc.encoding.encoder import Encoder
from modelsvc.tuning.adapt import adapt
from modelsvc.tuning.adapt_config import AdaptConfig
from modelsvc.tuning.contrastive import contrast
from modelsvc.tuning.contrastive_config import ContrastiveConfig
from modelsvc.tuning.finetune import FineTuneConfig, fine_tune
from modelsvc.types import Progress


@pytest.fixture(autouse=True)
def nothing_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(half_precision, "_faster", {})
    monkeypatch.setattr(half_precision, "_verdicts", {})


def test_encoders_of_one_width_are_measured_apart(encoders: Callable[[str], Path]) -> None:
    several = [Encoder.load(encoders(kind)) for kind in ("bert", "modernbert", "electra")]
    assert len({encoder.width for encoder in several}) == 1
    for encoder in several:
        encoder.gains_by_bf16()
    assert len(half_precision._faster) == len(half_precision._verdicts) == 3


def test_one_architecture_is_timed_once_wherever_it_was_read_from(
    encoders: Callable[[str], Path], tmp_path: Path
) -> None:
    encoder = Encoder.load(encoders("bert"))
    encoder.gains_by_bf16()
    encoder.save(tmp_path / "elsewhere")
    Encoder.load(tmp_path / "elsewhere").gains_by_bf16()
    assert len(half_precision._faster) == 1


@pytest.mark.parametrize(("kind", "by_its_modules"), [("bert", {False}), ("electra", {False, True})])
def test_what_is_timed_is_the_way_of_reading_that_follows(
    encoders: Callable[[str], Path], kind: str, by_its_modules: set[bool]
) -> None:
    """A BERT's packed sums go around its modules, which then read in float32 alone."""
    encoder, in_half = Encoder.load(encoders(kind)), set()
    layer = encoder.model.encoder.layer[0]
    layer.register_forward_pre_hook(lambda *_: in_half.add(torch.is_autocast_enabled("cpu")))
    half_precision._is_faster(encoder)
    assert in_half == by_its_modules


TEXTS = ["We may end it.", "You may end it.", "We may change it.", "You may change it."]
Y = np.tile(np.eye(2, dtype=np.uint8), (2, 1))
LEARN: dict[str, Callable[[Path], Any]] = {
    "fine-tuning": lambda folder: fine_tune(
        folder, TEXTS, Y, multi_label=False, config=FineTuneConfig(epochs=1, head_start=0)
    ),
    "comparing": lambda folder: contrast(folder, TEXTS, Y, multi_label=False, config=ContrastiveConfig(steps=1)),
    "adapting": lambda folder: adapt(folder, TEXTS, config=AdaptConfig(steps=1, batch=4)),
}


@pytest.mark.parametrize("learn", LEARN.values(), ids=LEARN)
def test_a_training_that_asks_first_measures_reading_and_not_itself(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, learn: Callable[[Path], Any]
) -> None:
    attention, measured = [], half_precision._is_faster

    def watched(encoder: Encoder) -> bool:
        attention.append(encoder.model.config._attn_implementation)
        return measured(encoder)

    monkeypatch.setattr(half_precision, "_is_faster", watched)
    learn(tiny)
    assert attention == [Encoder.load(tiny).model.config._attn_implementation] != ["eager"]


@pytest.mark.parametrize(("least", "taken"), [(0.999, True), (1.01, False)])
def test_bfloat16_is_refused_where_it_points_another_way(
    bundled: Encoder, monkeypatch: pytest.MonkeyPatch, least: float, taken: bool
) -> None:
    monkeypatch.setattr(half_precision, "_is_faster", lambda _: True)
    monkeypatch.setattr(half_precision, "LEAST_COSINE", least)
    assert bundled.gains_by_bf16() == taken


def test_an_encoder_that_bfloat16_breaks_is_read_in_float32(encoders: Callable[[str], Path]) -> None:
    encoder = Encoder.load(encoders("deberta"))
    with pytest.raises(half_precision.CANNOT, match="overflow"):
        encoder.read(["One text."], half=True)
    assert not encoder.gains_by_bf16()
    assert encoder.encode(["One text.", "Another."]) == pytest.approx(
        encoder.encode(["One text.", "Another."], precision="full")
    )


def test_who_stops_the_measurement_is_not_taken_for_a_verdict(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stop(Exception):
        pass

    def stop(_: Progress) -> None:
        raise Stop

    monkeypatch.setattr(looked_at, "SMALL", 0)
    encoder = Encoder.load(tiny)
    with pytest.raises(Stop):
        encoder.encode(["One text."], on_progress=stop)
    assert not half_precision._verdicts


def test_where_it_is_no_faster_nothing_is_compared(bundled: Encoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(half_precision, "_is_faster", lambda _: False)
    monkeypatch.setattr(half_precision, "cosine", lambda _: pytest.fail("it is not asked"))
    assert not bundled.gains_by_bf16()
