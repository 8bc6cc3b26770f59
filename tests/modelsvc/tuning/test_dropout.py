from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from modelsvc.encoding.encoder import Encoder
from modelsvc.tuning.dropout import CheapDropout, cheap_dropout

ONES = torch.ones(400, 500)


def dropped(p: float, *, seed: int = 0, x: torch.Tensor = ONES, times: int = 1) -> list[torch.Tensor]:
    with CheapDropout(seed):
        return [F.dropout(x, p, training=True) for _ in range(times)]


class TestOneEntry:
    @pytest.mark.parametrize("p", [0.02, 0.1, 0.5, 0.9])
    def test_is_out_as_often_as_asked_and_else_scaled_so_that_the_mean_stays(self, p):
        (y,) = dropped(p)
        out = (y == 0).float().mean().item()
        assert out == pytest.approx(p, abs=4 * (p * (1 - p) / ONES.numel()) ** 0.5)
        assert y[y > 0].unique().tolist() == pytest.approx([1 / (1 - p)], rel=1e-3)

    def test_falls_out_on_its_own_in_every_row_and_column(self):
        (y,) = dropped(0.5)
        out = (y == 0).float()
        spread = 4 * (0.25 / 400) ** 0.5
        assert out.mean(0).sub(0.5).abs().max() < spread + 0.02
        neighbours = (out[:, 1:] * out[:, :-1]).mean().item()
        assert neighbours == pytest.approx(0.25, abs=0.01)

    def test_passes_its_gradient_where_it_stayed_and_none_where_not(self):
        x = torch.ones(64, 64, requires_grad=True)
        (y,) = dropped(0.3, x=x)
        y.sum().backward()
        assert x.grad is not None
        assert torch.equal(x.grad, y.detach())

    @pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
    @pytest.mark.parametrize("shape", [(7,), (3, 5), (2, 3, 1, 5), (0, 4), ()])
    def test_keeps_shape_and_kind_of_number(self, shape, dtype):
        (y,) = dropped(0.4, x=torch.ones(shape, dtype=dtype))
        assert (y.shape, y.dtype) == (torch.Size(shape), dtype)


class TestDraws:
    def test_are_the_same_for_the_same_seed_whatever_torch_has_drawn(self):
        first = dropped(0.5, seed=3, times=2)
        torch.rand(5)
        again = dropped(0.5, seed=3, times=2)
        assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))

    def test_differ_from_call_to_call_and_from_seed_to_seed(self):
        one, two = dropped(0.5, seed=3, times=2)
        (other,) = dropped(0.5, seed=4)
        assert not torch.equal(one, two)
        assert not torch.equal(one, other)

    def test_come_once_more_from_a_place_to_which_the_stream_goes_back(self):
        with CheapDropout(0) as dropout:
            F.dropout(ONES, 0.5)
            place = dropout.place
            first = [F.dropout(ONES[:3, :7], 0.5), F.dropout(ONES, 0.1)]
            dropout.go_back(place)
            again = [F.dropout(ONES[:3, :7], 0.5), F.dropout(ONES, 0.1)]
        assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))

    def test_leave_torchs_own_generator_alone(self):
        torch.manual_seed(7)
        expected = torch.rand(3)
        torch.manual_seed(7)
        dropped(0.5)
        assert torch.equal(torch.rand(3), expected)

    @pytest.mark.parametrize(("p", "training"), [(0.0, True), (1.0, True), (0.5, False)])
    def test_are_not_made_where_nothing_is_to_be_drawn(self, p, training):
        with CheapDropout(0):
            y = F.dropout(ONES, p, training=training)
        assert torch.equal(y, F.dropout(ONES, p, training=training))


class TestAModel:
    def read(self, encoder: Encoder) -> torch.Tensor:
        batch = encoder.pad(encoder.tokenize(["You may not sue us.", "No."]), range(2))
        return encoder.pooled(batch).detach()

    @pytest.mark.parametrize("kind", ["bert", "roberta", "mpnet", "modernbert", "electra"])
    def test_drops_out_by_this_stream_alone(self, encoders, kind):
        """So also in attention: a draw of torch's own anywhere would tell the two readings apart."""
        encoder = Encoder.load(encoders(kind))
        for module in encoder.model.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.3
        encoder.model.train()
        read = []
        for torchs_seed in (1, 2):
            torch.manual_seed(torchs_seed)
            with cheap_dropout(encoder.model, seed=5):
                read.append(self.read(encoder))
        encoder.model.eval()
        assert torch.equal(*read)
        assert not torch.allclose(read[0], self.read(encoder), atol=1e-3)

    def test_reads_as_before_once_it_is_over_even_by_an_error(self, tiny):
        encoder = Encoder.load(tiny)
        way, expected = encoder.model.config._attn_implementation, self.read(encoder)
        with pytest.raises(KeyError), cheap_dropout(encoder.model, seed=0):
            assert encoder.model.config._attn_implementation == "eager"
            raise KeyError
        assert encoder.model.config._attn_implementation == way
        assert torch.equal(self.read(encoder), expected)

    def test_that_does_not_drop_out_reads_the_same_within_it(self, tiny):
        encoder = Encoder.load(tiny)
        with cheap_dropout(encoder.model, seed=0):
            within = self.read(encoder)
        assert within.numpy() == pytest.approx(self.read(encoder).numpy(), abs=1e-5)
