from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from modelsvc.encoding.batching import PIECE_TOKENS, endless_batches, epoch_order, pieces, sampling_weights
from modelsvc.encoding.encoder import BUNDLED, Encoder, resolve
from modelsvc.encoding.weights_digest import model_sha256
from modelsvc.heads.quick import decide, fit_head, predict_proba
from modelsvc.tuning import finetune
from modelsvc.tuning.finetune import FineTuneConfig, FineTuneError, fine_tune
from modelsvc.tuning.parameter_groups import parameter_groups, transformer_layers
from modelsvc.types import Progress

# Both kinds speak of both things: frozen embeddings see the topic, only tuning sees who does what to whom.
TEXTS = [
    "We may end your account at any time.",
    "You may end your account at any time.",
    "We may change the price without notice.",
    "You may change the plan without notice.",
    "We decide which content is removed.",
    "You decide which content is removed.",
    "The company can cancel the order.",
    "The customer can cancel the order.",
]
Y = np.tile(np.eye(2, dtype=np.uint8), (4, 1))
SHORT = FineTuneConfig(epochs=4)


def test_training_takes_its_steps_and_says_where_it_is(tiny):
    told: list[Progress] = []
    tuned = fine_tune(tiny, TEXTS, Y, multi_label=False, config=FineTuneConfig(epochs=10), on_progress=told.append)
    assert [entry["step"] for entry in tuned.log] == [0, 1, 2, 3, 4]
    done = [progress.done for progress in told]
    assert done[-5:] == pytest.approx([0, 0.2, 0.4, 0.6, 0.8]) and not any(done[:-4])  # before: the first head
    assert told[-5].seconds_left is None
    assert all(progress.seconds_left is not None and progress.seconds_left >= 0 for progress in told[-4:])
    assert [progress.loss for progress in told[-4:]] == [entry["loss"] for entry in tuned.log[:-1]]
    assert tuned.seconds > 0


def test_the_same_seed_gives_the_same_weights_and_another_does_not(tiny):
    def weights(seed: int) -> str:
        config = FineTuneConfig(epochs=4, seed=seed)
        return fine_tune(tiny, TEXTS, Y, multi_label=False, config=config).encoder.sha256

    torch.manual_seed(1)
    first, state = weights(3), torch.random.get_rng_state()
    torch.manual_seed(2)
    assert weights(3) == first  # whatever the process drew before
    assert weights(4) != first
    torch.manual_seed(1)
    assert torch.equal(torch.random.get_rng_state(), state)  # and it draws nothing from the caller's numbers


def test_the_table_of_word_vectors_stays_and_every_layer_moves(tiny):
    before, after = Encoder.load(tiny).model, fine_tune(tiny, TEXTS, Y, multi_label=False, config=SHORT).encoder.model
    assert torch.equal(before.get_input_embeddings().weight, after.get_input_embeddings().weight)
    for old, new in zip(transformer_layers(before), transformer_layers(after), strict=True):
        assert not torch.equal(old.attention.self.query.weight, new.attention.self.query.weight)
    assert all(parameter.requires_grad for parameter in after.parameters())
    assert not after.training


def test_the_tuned_encoder_saves_under_the_digest_it_was_given(tiny, tmp_path):
    encoder = fine_tune(tiny, TEXTS, Y, multi_label=False, config=SHORT).encoder
    promised = encoder.sha256
    encoder.save(tmp_path / "tuned")
    assert Encoder.load(tmp_path / "tuned").sha256 == promised != Encoder.load(tiny).sha256


def test_cancelling_stops_at_the_next_step(tiny):
    seen: list[float] = []

    def cancel(progress: Progress) -> None:
        seen.append(progress.done)
        if progress.done > 0.3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        fine_tune(tiny, TEXTS, Y, multi_label=False, config=FineTuneConfig(epochs=20), on_progress=cancel)
    steps = [done for done in seen if done]
    assert steps == pytest.approx([0.1, 0.2, 0.3, 0.4]) or steps == pytest.approx([0.1, 0.2, 0.3])


def test_it_can_be_cancelled_while_the_first_head_is_fitted(tiny, monkeypatch):
    """Of 15,000 texts that takes seconds."""
    fit_linear, is_fitting = finetune.fit_linear, False

    def fitted(*args, **kwargs):
        nonlocal is_fitting
        is_fitting = True
        fit_linear(*args, **kwargs)
        pytest.fail("it went on to the end")

    def cancel(_: Progress) -> None:
        if is_fitting:
            raise InterruptedError

    monkeypatch.setattr(finetune, "fit_linear", fitted)
    with pytest.raises(InterruptedError):
        fine_tune(tiny, TEXTS, Y, multi_label=False, on_progress=cancel)


def test_the_caller_is_asked_between_the_pieces_of_a_step_too(tiny):
    told: list[Progress] = []
    config = FineTuneConfig(epochs=1, head_start=0, batch=32)
    long = [text * 30 for text in TEXTS] * 4  # one step of 32 texts as long as the encoder reads
    assert Encoder.load(tiny).max_tokens * 32 > PIECE_TOKENS
    tuned = fine_tune(tiny, long, np.tile(Y, (4, 1)), multi_label=False, config=config, on_progress=told.append)
    assert len(tuned.log) == 1
    assert len(told) == Encoder.load(tiny).max_tokens * 32 // PIECE_TOKENS


def test_pieces_of_a_batch_hold_every_text_once_longest_first():
    lengths = [5, 300, 20, 7, 90, 2000, 8]
    found = [piece.tolist() for piece in pieces(np.array([6, 5, 4, 3, 2, 1, 0, 0]), lengths, tokens=300)]
    assert found == [[5], [1], [4, 2, 6], [3, 0, 0]]


def test_batches_of_like_length_show_each_text_as_often_and_pad_less():
    lengths = np.random.default_rng(5).integers(5, 60, 160)

    def first_epoch(alike: bool) -> np.ndarray:
        batches = endless_batches(np.ones(160), size=16, seed=3, lengths=lengths.tolist() if alike else None)
        return np.stack([next(batches) for _ in range(10)])  # (10, 16)

    alike, mixed = first_epoch(True), first_epoch(False)
    padded = [int(lengths[batch].max(axis=1).sum() * 16) for batch in (alike, mixed)]
    assert padded[0] < 0.8 * padded[1]
    assert np.array_equal(alike, first_epoch(True))
    shown = endless_batches(np.ones(160), size=16, seed=3, lengths=lengths.tolist())
    assert set(np.bincount(np.concatenate([next(shown) for _ in range(50)]), minlength=160)) == {5}


def test_a_text_shown_several_times_does_not_fill_a_batch_of_its_length():
    batches = endless_batches(np.full(8, 4.0), size=8, seed=0, lengths=list(range(8)))
    assert max(np.bincount(next(batches)).max() for _ in range(20)) <= 6  # as by chance; sorted whole it would be 8


def test_soft_targets_and_hard_ones_of_the_same_value_teach_the_same(tiny):
    hard = fine_tune(tiny, TEXTS, Y, multi_label=False, config=SHORT)
    soft = fine_tune(tiny, TEXTS, Y.astype(np.float32), multi_label=False, config=SHORT, weights=np.ones(8))
    assert soft.encoder.sha256 == hard.encoder.sha256
    unsure = fine_tune(tiny, TEXTS, Y * np.float32(0.6) + np.float32(0.2), multi_label=False, config=SHORT)
    assert unsure.encoder.sha256 != hard.encoder.sha256


def test_a_text_of_weight_nought_is_never_shown_and_one_of_four_makes_the_epoch_longer(tiny):
    weights = np.array([4, 0, 4, 4, 4, 4, 4, 4])
    tuned = fine_tune(tiny, TEXTS, Y, multi_label=False, config=SHORT, weights=weights)
    assert len(tuned.log) == 7  # 4 epochs of 28 texts in batches of 16
    other = fine_tune(tiny, [TEXTS[0], "!", *TEXTS[2:]], Y, multi_label=False, config=SHORT, weights=weights)
    assert other.log[0]["loss"] == pytest.approx(tuned.log[0]["loss"], rel=0.2)


def test_the_linear_layer_comes_back_as_arrays(tiny):
    head = fine_tune(tiny, TEXTS, Y, multi_label=False, config=SHORT).head
    assert head.weights.shape == (8, 2)
    assert head.bias.shape == (2,)
    assert not head.multi_label


def test_an_encoder_in_memory_gives_what_its_folder_gives_and_stays_as_it_was(tiny):
    encoder = Encoder.load(tiny)
    tuned = fine_tune(encoder, TEXTS, Y, multi_label=False, config=SHORT)
    assert tuned.encoder.sha256 == fine_tune(tiny, TEXTS, Y, multi_label=False, config=SHORT).encoder.sha256
    assert encoder.sha256 == model_sha256(encoder.model)


def test_layers_that_thaw_later_have_moved_less(tiny):
    frozen = Encoder.load(tiny).model
    config = FineTuneConfig(epochs=8, unfreeze=1.0)  # four steps: the low layer learns in the last two
    tuned = fine_tune(tiny, TEXTS, Y, multi_label=False, config=config).encoder.model
    at_once = fine_tune(tiny, TEXTS, Y, multi_label=False, config=FineTuneConfig(epochs=8)).encoder.model

    def moved(model):
        old, new = (transformer_layers(m)[0].attention.self.query.weight for m in (frozen, model))
        return float((old - new).detach().abs().mean())

    assert 0 < moved(tuned) < moved(at_once)
    assert all(parameter.requires_grad for parameter in tuned.parameters())


def test_a_constant_rate_stays_at_its_peak_after_the_warm_up(tiny):
    config = FineTuneConfig(epochs=20, schedule="constant")
    rates = [entry["rate"] for entry in fine_tune(tiny, TEXTS, Y, multi_label=False, config=config).log]
    assert rates == pytest.approx([config.lr] * 10)


def test_without_dropout_a_batch_of_all_texts_has_one_loss_whatever_the_seed(tiny):
    def first_loss(seed: int, dropout: bool) -> float:
        config = FineTuneConfig(epochs=1, batch=len(TEXTS), seed=seed, dropout=dropout)
        return fine_tune(tiny, TEXTS, Y, multi_label=False, config=config).log[0]["loss"]

    assert first_loss(1, False) == pytest.approx(first_loss(2, False), rel=1e-4)
    assert first_loss(1, True) != pytest.approx(first_loss(2, True), rel=1e-4)


def test_a_loss_that_is_no_number_ends_the_run_with_a_sentence(tiny):
    with pytest.raises(FineTuneError, match=r"At step 1 the loss was nan .* lower the learning rate"):
        fine_tune(tiny, TEXTS, Y, multi_label=False, config=FineTuneConfig(lr=1e30, epochs=8))


def test_a_time_limit_ends_the_schedule_early(tiny):
    config = FineTuneConfig(epochs=100_000, max_seconds=0.3)
    log = fine_tune(tiny, TEXTS, Y, multi_label=False, config=config).log
    assert 1 <= len(log) < 50_000
    assert log[-1]["rate"] < config.lr / 2


def test_several_labels_a_text_and_a_label_without_any_can_be_learnt_from(tiny):
    several = np.array([[1, 1, 0], [0, 0, 0], [1, 0, 0], [0, 0, 0]] * 2, np.uint8)
    assert fine_tune(tiny, TEXTS, several, multi_label=True, config=SHORT).log[-1]["loss"] > 0


def test_texts_and_labels_must_be_as_many_and_some(tiny):
    with pytest.raises(FineTuneError, match="8 texts came with 7 rows"):
        fine_tune(tiny, TEXTS, Y[:7], multi_label=False)
    with pytest.raises(FineTuneError, match="at least one"):
        fine_tune(tiny, [], Y[:0], multi_label=False)
    with pytest.raises(FineTuneError, match="8 texts came with 3 weights"):
        fine_tune(tiny, TEXTS, Y, multi_label=False, weights=np.ones(3))
    with pytest.raises(FineTuneError, match="0 or more"):
        fine_tune(tiny, TEXTS, Y, multi_label=False, weights=-np.ones(8))


def test_each_layer_has_its_rate_and_norms_do_not_decay(tiny):
    model, head = Encoder.load(tiny).model, nn.Linear(8, 2)
    groups = parameter_groups(model, head, FineTuneConfig())
    rate = {id(p): (group["peak"], group["weight_decay"]) for group in groups for p in group["params"]}
    low, top = transformer_layers(model)
    assert rate[id(head.weight)] == (FineTuneConfig().head_lr, 0.01)
    assert rate[id(top.attention.self.query.weight)] == (3e-4, 0.01)
    assert rate[id(low.attention.self.query.weight)] == (pytest.approx(2.4e-4), 0.01)
    assert rate[id(top.output.LayerNorm.weight)] == (3e-4, 0.0)
    assert id(model.get_input_embeddings().weight) not in rate
    assert len(rate) == sum(1 for p in [*model.parameters(), *head.parameters()]) - 1


def test_even_labels_are_shown_evenly_and_rare_ones_more_often():
    assert sampling_weights(np.eye(3, dtype=np.uint8)[[0, 1, 2, 2, 2]]) == pytest.approx(np.ones(5))
    skewed = sampling_weights(np.eye(2, dtype=np.uint8)[[0] * 16 + [1]])
    assert skewed[16] == pytest.approx(4 * skewed[0])
    assert skewed.mean() == pytest.approx(1)


def test_where_most_texts_hold_no_label_those_that_do_are_shown_more_often():
    weights = sampling_weights(np.array([[0, 0]] * 92 + [[1, 0]] * 4 + [[0, 1]] * 4, np.uint8))
    assert 0.25 < weights[92:].sum() / weights.sum() < 0.6


@given(st.lists(st.floats(0.01, 10), min_size=1, max_size=40), st.integers(0, 2**32))
def test_an_epoch_shows_each_text_as_often_as_its_weight_within_one(weights, seed):
    order = epoch_order(np.array(weights), np.random.default_rng(seed))
    shown = np.bincount(order, minlength=len(weights))
    assert (np.abs(shown - weights) < 1).all()
    if set(weights) == {1.0}:
        assert sorted(order) == list(range(len(weights)))


@pytest.mark.slow
def test_it_overfits_eight_texts_that_the_frozen_encoder_cannot_tell_apart():
    config = FineTuneConfig(epochs=30)
    tuned = fine_tune(resolve(BUNDLED), TEXTS, Y, multi_label=False, config=config)
    frozen = Encoder.load(resolve(BUNDLED)).encode(TEXTS)
    X = tuned.encoder.encode(TEXTS)
    head = fit_head(X, Y, multi_label=False)
    assert (decide(head, predict_proba(head, X)) == Y).all()
    assert (X @ X.T)[::2, ::2].min() > (X @ X.T)[::2, 1::2].max()  # the two kinds lie apart now
    assert (frozen @ frozen.T)[::2, ::2].min() < (frozen @ frozen.T)[::2, 1::2].max()  # and did not before
    again = fine_tune(resolve(BUNDLED), TEXTS, Y, multi_label=False, config=config)
    assert again.encoder.sha256 == tuned.encoder.sha256
    assert [entry["loss"] for entry in again.log] == [entry["loss"] for entry in tuned.log]


@pytest.mark.slow
def test_tuning_on_a_hundred_demo_clauses_helps_on_those_it_has_not_seen():
    demo = Path(__file__).parents[3] / "demo"
    texts = [json.loads(line)["text"] for line in (demo / "terms.jsonl").read_text("utf-8").splitlines()]
    kinds = [json.loads(line)["label"] for line in (demo / "terms.gold.jsonl").read_text("utf-8").splitlines()]
    targets = np.eye(len(set(kinds)), dtype=np.uint8)[np.unique(kinds, return_inverse=True)[1]]
    order = np.random.default_rng(0).permutation(len(texts))
    seen, unseen = order[:100], order[100:]

    def right(encoder: Encoder) -> float:
        X = encoder.encode(texts)
        head = fit_head(X[seen], targets[seen], multi_label=False)
        return float((decide(head, predict_proba(head, X[unseen])) == targets[unseen]).all(1).mean())

    half = FineTuneConfig(epochs=8.5)  # of the steps: with one label a text they do as well, see docs/ulmfit.md
    tuned = fine_tune(resolve(BUNDLED), [texts[row] for row in seen], targets[seen], multi_label=False, config=half)
    frozen, better = right(Encoder.load(resolve(BUNDLED))), right(tuned.encoder)
    assert better > frozen + 0.05  # .69 against .62; which texts are drawn together moves it by a text or two
