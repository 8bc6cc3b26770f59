from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
import torch
from torch import nn

from modelsvc.encoding.encoder import Encoder
from modelsvc.tuning import contrastive
from modelsvc.tuning.contrastive import (
    ContrastiveError,
    contrast,
    contrastive_steps,
    even_batches,
    likeness,
    pair_loss,
)
from modelsvc.tuning.contrastive_config import ContrastiveConfig
from modelsvc.types import Progress, silent

TEXTS = [f"{who} may {what} at any time." for what in ("cancel", "pay", "write", "leave") for who in ("We", "You")]
Y = np.tile(np.eye(2, dtype=np.uint8), (4, 1))
SHORT = ContrastiveConfig(steps=6)


@pytest.mark.parametrize(("labels", "steps"), [(8, 150), (32, 150), (64, 212), (10_000, 300)])
def test_steps_grow_with_the_square_root_of_the_labels(labels, steps):
    assert contrastive_steps(labels) == steps


def test_texts_are_alike_as_far_as_they_share_labels_and_none_says_nothing():
    alike, known = likeness(np.array([[1, 0], [1, 1], [0, 0], [0, 0]], np.uint8))
    assert alike[0].tolist() == [1, 0.5, 0, 0]
    assert known[0].tolist() == [False, True, True, True]
    assert not known[2, 3]
    assert not known.diagonal().any()


def test_the_loss_is_nothing_once_kinds_are_apart_and_large_when_they_are_mixed():
    alike, known = (torch.from_numpy(part) for part in likeness(np.repeat(np.eye(2, dtype=np.uint8), 2, 0)))
    apart, mixed = torch.eye(2).repeat_interleave(2, 0), torch.eye(2).repeat(2, 1)
    assert pair_loss(apart, alike, known).item() == 0
    assert pair_loss(mixed, alike, known).item() == pytest.approx((1 + 0.5) / 2)


def test_batches_hold_distinct_texts_and_like_pairs_even_of_many_kinds():
    many = np.repeat(np.eye(20, dtype=np.uint8), 3, 0)
    for rows in islice(even_batches(many, size=16, seed=0), 20):
        assert len(set(rows.tolist())) == 16
        assert (likeness(many[rows])[0].sum(1) > 1).all()  # each with another of its kind


def test_pairs_move_kinds_apart_and_the_table_of_word_vectors_stays(tiny):
    told: list[Progress] = []
    tuned = contrast(tiny, TEXTS, Y, multi_label=False, config=SHORT, on_progress=told.append)
    assert len(tuned.log) == len(told) == 6
    before, after = Encoder.load(tiny), tuned.encoder
    assert after.sha256 != before.sha256
    assert torch.equal(before.model.get_input_embeddings().weight, after.model.get_input_embeddings().weight)
    again = contrast(tiny, TEXTS, Y, multi_label=False, config=SHORT)
    assert again.encoder.sha256 == after.sha256


class TestAFewLongTextsAmongManyShortOnes:
    """40 texts are one batch; three of them fill all 64 tokens, so that padded it has 2,560."""

    TEXTS = TEXTS * 5
    LONG = ["We may cancel it at any time. " * 20] * 3
    Y = np.tile(np.eye(2, dtype=np.uint8), (20, 1))
    CONFIG = ContrastiveConfig(steps=2, batch=40)

    def learnt(self, folder, on_progress=silent):
        return contrast(
            folder, self.LONG + self.TEXTS[3:], self.Y, multi_label=False, config=self.CONFIG, on_progress=on_progress
        )

    def test_are_learnt_by_pieces_between_which_the_caller_is_told(self, tiny):
        told: list[Progress] = []
        tuned = self.learnt(tiny, told.append)
        assert [(progress.done, progress.loss is not None) for progress in told] == [
            *[(0, False)] * 5,  # the step, two pieces to embed and two to go back through
            (0.5, True),
            *[(0.5, False)] * 4,
        ]
        assert self.learnt(tiny).encoder.sha256 == tuned.encoder.sha256

    def test_teach_what_they_would_teach_in_one_pass(self, without_dropout, monkeypatch):
        pieces = self.learnt(without_dropout)
        monkeypatch.setattr(contrastive, "BATCH_TOKENS", 4096)
        whole = self.learnt(without_dropout)
        assert [step["loss"] for step in pieces.log] == pytest.approx([step["loss"] for step in whole.log], rel=1e-3)
        assert pieces.encoder.sha256 != whole.encoder.sha256, "sums of parts differ in the last digits"

    @pytest.fixture
    def without_dropout(self, tiny):
        encoder = Encoder.load(tiny)
        for module in encoder.model.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0
        return encoder


def test_an_encoder_given_is_left_as_it_was(tiny):
    mine = Encoder.load(tiny)
    weights = {name: tensor.clone() for name, tensor in mine.model.state_dict().items()}
    contrast(mine, TEXTS, Y, multi_label=True, config=SHORT)
    assert all(torch.equal(weights[name], tensor) for name, tensor in mine.model.state_dict().items())


def test_one_kind_is_refused_with_the_numbers(tiny):
    with pytest.raises(ContrastiveError, match="8 texts with 8 rows of labels and 1 kinds"):
        contrast(tiny, TEXTS, np.tile(np.eye(2, dtype=np.uint8)[:1], (8, 1)), multi_label=False)


def test_a_loss_that_is_no_number_ends_it_with_a_sentence(tiny):
    with pytest.raises(ContrastiveError, match=r"At step 1 the loss was nan .* lower the learning rate"):
        contrast(tiny, TEXTS, Y, multi_label=False, config=ContrastiveConfig(lr=1e30, steps=4))


def test_cancelling_stops_at_the_next_step(tiny):
    def cancel(progress: Progress) -> None:
        if progress.done > 0.3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        contrast(tiny, TEXTS, Y, multi_label=False, config=SHORT, on_progress=cancel)
