from __future__ import annotations

import time

import numpy as np
import pytest
import torch

from modelsvc.encoding import half_precision
from modelsvc.encoding.concat import ConcatEncoder
from modelsvc.encoding.encoder import BUNDLED, Encoder, EncoderError, resolve
from modelsvc.tuning.adapt import adapt, shortened, twice_read_loss
from modelsvc.tuning.adapt_config import AdaptConfig
from modelsvc.tuning.finetune import FineTuneConfig, FineTuneError, fine_tune
from modelsvc.tuning.masked_words import NOT_ASKED, mask_words
from modelsvc.types import Progress

TEXTS = [f"clause {number} ends the contract of the {thing}" for number in range(10) for thing in ("user", "shop")]
METHODS = ["simcse", "masked words"]


@pytest.mark.parametrize("method", METHODS)
def test_adapting_moves_the_layers_and_not_the_word_vectors_and_repeats_itself(tiny, method):
    config = AdaptConfig(method=method, steps=3, batch=8)
    told: list[Progress] = []
    adapted = adapt(tiny, TEXTS, config=config, on_progress=told.append)
    before = Encoder.load(tiny)
    assert len(adapted.log) == 3
    assert {progress.stage for progress in told} == {"adapting"}
    assert adapted.encoder.sha256 != before.sha256
    assert torch.equal(before.model.get_input_embeddings().weight, adapted.encoder.model.get_input_embeddings().weight)
    assert adapt(tiny, TEXTS, config=config).encoder.sha256 == adapted.encoder.sha256


def test_fine_tuning_goes_on_from_an_adapted_encoder_in_memory_or_saved(tiny, tmp_path):
    encoder = adapt(tiny, TEXTS, config=AdaptConfig(steps=2, batch=8)).encoder
    Y = np.eye(2, dtype=np.uint8)[np.arange(20) % 2]
    tuned = fine_tune(encoder, TEXTS, Y, multi_label=False, config=FineTuneConfig(epochs=2))
    encoder.save(tmp_path / "adapted")
    again = fine_tune(tmp_path / "adapted", TEXTS, Y, multi_label=False, config=FineTuneConfig(epochs=2))
    assert tuned.encoder.sha256 == again.encoder.sha256


@pytest.mark.parametrize("method", METHODS)
def test_a_caller_who_raises_ends_it(tiny, method):
    def cancel(progress: Progress) -> None:
        if progress.done > 0.5:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        adapt(tiny, TEXTS, config=AdaptConfig(method=method, steps=10, batch=4), on_progress=cancel)


def test_a_time_limit_ends_it_early(tiny):
    adapted = adapt(tiny, TEXTS, config=AdaptConfig(steps=100_000, batch=4, max_seconds=0.3))
    assert 1 <= len(adapted.log) < 50_000


@pytest.mark.parametrize("method", METHODS)
def test_a_loss_that_is_no_number_ends_it_with_a_sentence(tiny, method):
    with pytest.raises(FineTuneError, match=r"At step 1 the loss was nan .* lower the learning rate"):
        adapt(tiny, TEXTS, config=AdaptConfig(method=method, lr=1e30, steps=4, batch=8))


def test_one_text_is_too_few(tiny):
    with pytest.raises(FineTuneError, match="at least two"):
        adapt(tiny, ["alone"])


def test_a_text_that_finds_itself_has_less_loss_than_one_that_does_not():
    vectors = torch.eye(4)
    assert twice_read_loss(vectors, vectors, 0.05) < 1e-6
    assert twice_read_loss(vectors, vectors.flip(0), 0.05) > 10


def test_a_cut_text_keeps_its_closing_token():
    assert shortened({"input_ids": [[1, 2, 3, 4, 9], [1, 9]]}, 3) == {"input_ids": [[1, 2, 9], [1, 9]]}


def test_words_are_masked_by_their_share_and_special_tokens_never():
    torch.manual_seed(0)
    ids = torch.randint(10, 1000, (40, 50))
    ids[:, 0] = 1
    hidden, answers = mask_words(ids, share=0.15, mask=3, special=torch.tensor([1, 2, 3]), words=1000)
    asked = answers != NOT_ASKED
    assert not asked[:, 0].any()
    assert torch.equal(hidden[~asked], ids[~asked])
    assert torch.equal(answers[asked], ids[asked])
    assert 0.12 < asked.float().mean() < 0.18
    assert 0.7 < (hidden[asked] == 3).float().mean() < 0.9
    _, one = mask_words(ids[:1, :2], share=0.0, mask=3, special=torch.tensor([1, 2, 3]), words=1000)
    assert (one != NOT_ASKED).sum() == 1


def test_concat_pooling_is_three_times_as_wide_of_unit_length_and_is_not_saved(tiny, tmp_path):
    encoder = ConcatEncoder.of(Encoder.load(tiny))
    X = encoder.encode(TEXTS)
    assert X.shape == (20, 24)
    assert np.linalg.norm(X, axis=1) == pytest.approx(np.ones(20), abs=1e-3)
    with pytest.raises(EncoderError, match="cannot be saved"):
        encoder.save(tmp_path / "concat")
    Y = np.eye(2, dtype=np.uint8)[np.arange(20) % 2]
    tuned = fine_tune(tiny, TEXTS, Y, multi_label=False, config=FineTuneConfig(epochs=2, concat=True))
    assert tuned.head.weights.shape == (24, 2)
    assert tuned.encoder.encode(TEXTS[:2]).shape == (2, 24)


def test_concat_pooling_reads_the_same_in_bfloat16_without_padding(tiny, monkeypatch):
    encoder = ConcatEncoder.of(Encoder.load(tiny))
    monkeypatch.setitem(half_precision._verdicts, encoder.sha256, True)
    texts = [*TEXTS, "short"]
    assert encoder.encode(texts) == pytest.approx(encoder.encode(texts, precision="full"), abs=0.02)


@pytest.mark.slow
@pytest.mark.parametrize("work", ["fine-tuning", *METHODS])
def test_a_cancel_takes_effect_within_two_seconds_on_the_longest_texts(work):
    encoder = Encoder.load(resolve(BUNDLED))
    encoder.gains_by_bf16()
    texts = ["word " * 400] * 32
    calls: list[float] = []

    def cancel(_: Progress) -> None:
        calls.append(time.thread_time())
        if len(calls) == 14:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        if work == "fine-tuning":
            Y = np.eye(2, dtype=np.uint8)[np.arange(32) % 2]
            fine_tune(encoder, texts, Y, multi_label=False, threads=1, on_progress=cancel)
        else:
            adapt(encoder, texts, config=AdaptConfig(method=work), threads=1, on_progress=cancel)
    assert np.diff(calls).max() < 2
