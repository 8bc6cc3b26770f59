from __future__ import annotations

import pytest
import torch

from modelsvc.encoding import encoder as encoder_module
from modelsvc.encoding import half_precision
from modelsvc.encoding.encoder import Encoder
from modelsvc.encoding.packed import SHORT, learning, pack

TEXTS = ["You may not sue us.", "hm", "We may change these terms at any time. " * 3, "No.", ""]


def tokens(encoder: Encoder, texts: list[str]) -> tuple[torch.Tensor, torch.Tensor]:
    batch = encoder.pad(encoder.tokenize(texts), range(len(texts)))
    return batch["input_ids"], batch["attention_mask"]


@pytest.mark.parametrize("kind", ["bert", "roberta", "xlm-roberta"])
@pytest.mark.parametrize("texts", [TEXTS, TEXTS[:1]], ids=["padded", "one alone"])
def test_the_packed_sums_are_those_of_the_model(encoders, kind, texts):
    encoder = Encoder.load(encoders(kind))
    ids, mask = tokens(encoder, texts)
    packed = pack(encoder.model, torch.float32)
    assert packed is not None
    with torch.inference_mode():
        expected = encoder.model(input_ids=ids, attention_mask=mask).last_hidden_state
        found = packed(ids, mask)
    assert found[mask == 1].numpy() == pytest.approx(expected[mask == 1].numpy(), abs=1e-5)
    assert not found[mask == 0].any()


def test_both_ways_of_attention_agree(bundled):
    long = "The courts of the city decide all disputes between us. " * 7
    ids, mask = tokens(bundled, [long, *TEXTS])
    assert ids.shape[1] > SHORT
    packed = pack(bundled.model, torch.float32)
    assert packed is not None
    with torch.inference_mode():
        together = packed(ids, mask)[1]
        alone = packed(*tokens(bundled, TEXTS[:1]))[0]
    assert together[: len(alone)].numpy() == pytest.approx(alone.numpy(), abs=1e-4)


@pytest.mark.parametrize("kind", ["mpnet", "modernbert", "electra"])
def test_other_architectures_go_their_own_way_in_half_precision(encoders, kind, monkeypatch):
    encoder = Encoder.load(encoders(kind))
    assert pack(encoder.model) is None
    monkeypatch.setitem(half_precision._verdicts, encoder.sha256, True)
    half, full = encoder.encode(TEXTS), encoder.encode(TEXTS, precision="full")
    assert (half * full).sum(1).min() > 0.99


def test_an_activation_that_is_not_known_is_left_to_the_model(tiny):
    encoder = Encoder.load(tiny)
    assert pack(encoder.model) is not None
    encoder.model.config.hidden_act = "relu"
    assert pack(encoder.model) is None


def test_long_tokenising_can_be_stopped(tiny, monkeypatch):
    told: list[float] = []
    monkeypatch.setattr(encoder_module, "PIECE", 10)
    Encoder.load(tiny).encode(["a b c"] * 35, on_progress=lambda progress: told.append(progress.done))
    assert told == [0, 0, 0, 1]


@pytest.mark.parametrize("kind", ["bert", "roberta", "xlm-roberta"])
@pytest.mark.parametrize("texts", [TEXTS, TEXTS[:1]], ids=["padded", "one alone"])
def test_the_packed_sums_teach_every_weight_what_the_model_would(encoders, kind, texts):
    encoder = Encoder.load(encoders(kind))
    ids, mask = tokens(encoder, texts)
    slopes = []
    for passing in (
        lambda: encoder.model(input_ids=ids, attention_mask=mask).last_hidden_state,
        lambda: learning(encoder.model)(ids, mask),
    ):
        encoder.model.zero_grad()
        hidden = passing() * mask.unsqueeze(-1)
        (hidden * torch.linspace(-1, 1, hidden.numel()).view(hidden.shape)).sum().backward()
        slopes.append(
            {name: weight.grad for name, weight in encoder.model.named_parameters() if weight.grad is not None}
        )
    assert slopes[0].keys() == slopes[1].keys()
    largest = max(float(slope.abs().max()) for slope in slopes[0].values())
    for name, expected in slopes[0].items():
        assert slopes[1][name].numpy() == pytest.approx(expected.numpy(), abs=1e-5 * largest), name


def test_the_packed_sums_drop_out_while_the_model_is_in_training_alone(encoders):
    encoder = Encoder.load(encoders("bert"))
    ids, mask = tokens(encoder, TEXTS)
    first, second = (learning(encoder.model)(ids, mask) for _ in range(2))
    assert torch.equal(first, second)
    encoder.model.train()
    first, second = (learning(encoder.model)(ids, mask) for _ in range(2))
    assert not torch.allclose(first, second, atol=1e-3)
