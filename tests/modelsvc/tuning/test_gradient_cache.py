"""Learning a batch piece by piece has the gradients of the whole batch at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from modelsvc.encoding.encoder import Encoder
from modelsvc.tuning.contrastive import likeness, pair_loss
from modelsvc.tuning.dropout import CheapDropout, cheap_dropout
from modelsvc.tuning.gradient_cache import backward_by_pieces
from modelsvc.types import Rows
from tests.modelsvc.architectures import KINDS

TEXTS = [
    "The courts of Berlin decide all disputes between us. " * 3,
    "We may change these terms.",
    "Hm.",
    "Add salt.",
] * 2
ALIKE, KNOWN = (torch.from_numpy(part) for part in likeness(np.eye(2, dtype=np.uint8)[[0, 0, 1, 1, 0, 1, 1, 0]]))
PARTS = [np.array(part, np.int64) for part in ([0, 4], [1, 5, 2], [3, 6, 7])]
IN_ORDER = np.concatenate(PARTS)

Learn = Callable[[Callable[[Rows], Tensor], CheapDropout], float]


def loss_of(Z: Tensor) -> Tensor:
    return pair_loss(Z, ALIKE[IN_ORDER][:, IN_ORDER], KNOWN[IN_ORDER][:, IN_ORDER])


def by_pieces(embed: Callable[[Rows], Tensor], dropout: CheapDropout) -> float:
    return backward_by_pieces(embed, PARTS, loss_of, dropout=dropout)


def in_one_pass(embed: Callable[[Rows], Tensor], dropout: CheapDropout) -> float:
    return backward(loss_of(embed(IN_ORDER)))


def pieces_at_once(embed: Callable[[Rows], Tensor], dropout: CheapDropout) -> float:
    """The pieces are read apart, so that each has its masks, and all of them are kept for one way back."""
    return backward(loss_of(torch.cat([embed(part) for part in PARTS])))


def backward(loss: Tensor) -> float:
    loss.backward()  # type: ignore[no-untyped-call]
    return loss.item()


def learnt(folder: Path, learn: Learn, *, p: float) -> tuple[float, dict[str, Tensor], Tensor]:
    """The loss, the gradient of every weight that has one, and the next mask."""
    encoder = Encoder.load(folder)
    encoder.model.train()
    for module in encoder.model.modules():
        if isinstance(module, nn.Dropout):
            module.p = p
    tokens = encoder.tokenize(TEXTS)
    with cheap_dropout(encoder.model, seed=0) as dropout:
        loss = learn(lambda rows: encoder.pooled(encoder.pad(tokens, rows.tolist())), dropout)
        mask = nn.functional.dropout(torch.ones(64), 0.5)
    slopes = {name: weight.grad for name, weight in encoder.model.named_parameters() if weight.grad is not None}
    return loss, slopes, mask


def same(one: dict[str, Tensor], two: dict[str, Tensor]) -> bool:
    assert one.keys() == two.keys() and one
    return all(torch.allclose(one[name], two[name], rtol=1e-4, atol=1e-6) for name in one)


@pytest.mark.parametrize("kind", KINDS)
def test_without_dropout_the_gradients_are_those_of_one_pass(encoders: Callable[[str], Path], kind: str) -> None:
    whole, pieces = (learnt(encoders(kind), learn, p=0.0) for learn in (in_one_pass, by_pieces))
    assert pieces[0] == pytest.approx(whole[0], rel=1e-5)
    assert same(pieces[1], whole[1])


@pytest.mark.parametrize("kind", KINDS)
def test_with_dropout_each_piece_has_its_masks_again_on_the_way_back(
    encoders: Callable[[str], Path], kind: str
) -> None:
    whole, pieces = (learnt(encoders(kind), learn, p=0.3) for learn in (pieces_at_once, by_pieces))
    assert pieces[0] == pytest.approx(whole[0], rel=1e-5)
    assert same(pieces[1], whole[1])
    assert torch.equal(pieces[2], whole[2]), "the next batch draws what it would have drawn"


def test_with_other_masks_the_gradients_would_be_others(tiny: Path) -> None:
    def without_going_back(embed: Callable[[Rows], Tensor], dropout: CheapDropout) -> float:
        class Onwards(CheapDropout):
            def go_back(self, place: object) -> None:
                """Stay."""

        with Onwards(seed=0) as onwards:
            return by_pieces(embed, onwards)

    whole, other = (learnt(tiny, learn, p=0.3) for learn in (pieces_at_once, without_going_back))
    assert not same(other[1], whole[1])


def test_gradients_are_added_to_those_that_are_there(tiny: Path) -> None:
    def twice(embed: Callable[[Rows], Tensor], dropout: CheapDropout) -> float:
        return by_pieces(embed, dropout) + by_pieces(embed, dropout)

    once, both = (learnt(tiny, learn, p=0.0) for learn in (by_pieces, twice))
    assert same({name: 2 * slope for name, slope in once[1].items()}, both[1])


@pytest.mark.parametrize("stop_at", [1, 3, 4, 6])
def test_it_is_looked_at_before_each_piece_there_and_back_and_can_be_stopped(tiny: Path, stop_at: int) -> None:
    looks = 0

    def look() -> None:
        nonlocal looks
        looks += 1
        if looks == stop_at:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        learnt(tiny, lambda *given: backward_by_pieces(given[0], PARTS, loss_of, dropout=given[1], look=look), p=0.0)
    assert looks == stop_at
