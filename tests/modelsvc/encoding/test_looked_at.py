"""A large encoder can be stopped within one pass, on the way there and on the way back, and computes the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelsvc.encoding import half_precision, looked_at, weights_digest
from modelsvc.encoding.encoder import Encoder
from modelsvc.encoding.weights_digest import model_sha256
from modelsvc.encoding.windows import encode_whole
from modelsvc.tuning.contrastive import contrast
from modelsvc.tuning.contrastive_config import ContrastiveConfig
from modelsvc.tuning.finetune import FineTuneConfig, fine_tune
from modelsvc.types import Progress, unwatched
from tests.modelsvc.architectures import KINDS

TEXTS = ["The courts of Berlin decide.", "We may change these terms.", "Hm.", "Add salt."] * 3
Y = np.eye(2, dtype=np.uint8)[np.arange(len(TEXTS)) % 2]
LAYERS = 2


class Stop(Exception):
    pass


def tuned(folder: Path, on_progress: Callable[[Progress], None]) -> Encoder:
    config = FineTuneConfig(epochs=2)
    return fine_tune(folder, TEXTS, Y, multi_label=False, config=config, on_progress=on_progress).encoder


def contrasted(folder: Path, on_progress: Callable[[Progress], None]) -> Encoder:
    config = ContrastiveConfig(steps=2)
    return contrast(folder, TEXTS, Y, multi_label=False, config=config, on_progress=on_progress).encoder


@pytest.mark.parametrize("half", [True, False], ids=["bfloat16", "float32"])
@pytest.mark.parametrize("read", [Encoder.encode, encode_whole])
def test_one_batch_of_a_large_encoder_is_looked_at_before_each_layer(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, read: Any, half: bool
) -> None:
    encoder, told = Encoder.load(tiny), []
    monkeypatch.setitem(half_precision._verdicts, encoder.sha256, half)
    as_small = read(encoder, TEXTS)
    monkeypatch.setattr(looked_at, "SMALL", 0)
    as_large = read(encoder, TEXTS, on_progress=told.append)
    assert np.array_equal(as_large, as_small)
    assert [progress.done for progress in told] == [0, 0, 1]
    read(encoder, TEXTS)
    assert len(told) == LAYERS + 1, "afterwards nobody is told any more"


@pytest.mark.parametrize("learn", [tuned, contrasted])
def test_a_step_of_a_large_encoder_is_looked_at_both_ways_and_its_weights_are_the_same(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, learn: Any
) -> None:
    few: list[Progress] = []
    many: list[Progress] = []
    as_small = learn(tiny, few.append)
    monkeypatch.setattr(looked_at, "SMALL", 0)
    as_large = learn(tiny, many.append)
    assert as_large.sha256 == as_small.sha256
    assert len(many) >= len(few) + 2 * 2 * LAYERS, "two steps, there and back"
    assert [progress.loss for progress in many if progress.loss] == [progress.loss for progress in few if progress.loss]
    for stop_at in (1, len(many) - 3, len(many)):
        calls = 0

        def stop(_: Progress, last: int = stop_at) -> None:
            nonlocal calls
            calls += 1
            if calls == last:
                raise Stop

        with pytest.raises(Stop):
            learn(tiny, stop)
        assert calls == stop_at


@pytest.mark.parametrize("kind", KINDS)
def test_every_architecture_is_looked_at(
    encoders: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(looked_at, "SMALL", 0)
    encoder, looks = Encoder.load(encoders(kind)), []
    with looked_at.looked_at(encoder.model, lambda: looks.append(1)):
        vectors = encoder.pooled(encoder.pad(encoder.tokenize(TEXTS), range(3)))
        assert len(looks) == LAYERS
        vectors.sum().backward()
    assert len(looks) == 2 * LAYERS


def test_the_bundled_encoder_is_looked_at_between_its_six_layers(bundled: Encoder) -> None:
    looks: list[int] = []
    with looked_at.looked_at(bundled.model, lambda: looks.append(1)):
        bundled.pooled(bundled.pad(bundled.tokenize(TEXTS), range(3)))
    assert len(looks) == 6


def test_a_tiny_encoder_is_looked_at_between_its_batches_alone(tiny: Path) -> None:
    encoder = Encoder.load(tiny)
    with looked_at.looked_at(encoder.model, lambda: pytest.fail("its passes are short")) as look:
        assert look is unwatched
        encoder.encode(TEXTS[:2])


@pytest.mark.parametrize("kind", KINDS)
def test_the_digest_of_weights_in_memory_is_that_of_their_file(
    encoders: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    encoder = Encoder.load(encoders(kind))
    found = model_sha256(encoder.model)
    encoder.save(tmp_path / "saved")
    assert found == encoder.sha256
    monkeypatch.setattr(weights_digest, "LOOKED_AT", 100)
    with pytest.raises(Stop):
        model_sha256(encoder.model, look=stopped)


def stopped() -> None:
    raise Stop
