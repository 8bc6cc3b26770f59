"""The tokens of many texts in one long row, and back at their places among the padding, with gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F


@dataclass(frozen=True)
class Row:
    """Where the S tokens of texts (B, T) lie in a row of R, filled up with the first token, and the row's in them."""

    real: Tensor  # (S,) of B * T
    tokens: Tensor  # (R,) of B * T
    first: Tensor  # (S,) of R: 0 to S - 1
    back: Tensor  # (B * T,) of R; padding reads the first
    whole: bool  # no padding anywhere

    @classmethod
    def of(cls, mask: Tensor, even: int) -> Row:
        """By the mask (B, T), with R a multiple of `even`."""
        real = mask.flatten().nonzero().squeeze(1)
        first = torch.arange(len(real))
        back = torch.zeros(mask.numel(), dtype=torch.long)
        back[real] = first
        return cls(real, F.pad(real, (0, -len(real) % even)), first, back, len(real) == mask.numel())


def padded(x: Tensor, row: Row) -> Tensor:
    """A row's vectors (R, D) at their places among all texts' (B * T, D). What padding reads has no gradient: attention
    sees nothing of it, and the mask ends it."""
    spread: Tensor = _Moved.apply(x, row.back, row.first, row.real)  # type: ignore[no-untyped-call]
    return spread


def packed(x: Tensor, row: Row) -> Tensor:
    """And back: (B * T, D) -> (R, D). What fills the row up has no gradient, for nothing reads it."""
    taken: Tensor = _Moved.apply(x, row.tokens, row.real, row.first)  # type: ignore[no-untyped-call]
    return taken


class _Moved(torch.autograd.Function):
    """x[taken]; of the way back only that of the tokens is gone, from `there` to `here`. Torch's own would add row by
    row, as if one could be read twice."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, taken: Tensor, here: Tensor, there: Tensor) -> Tensor:
        ctx.rows, ctx.here, ctx.there = len(x), here, there
        return x[taken]

    @staticmethod
    def backward(ctx: Any, slope: Tensor) -> tuple[Tensor, None, None, None]:
        back = slope.new_zeros(ctx.rows, slope.shape[1])
        back[ctx.here] = slope[ctx.there]
        return back, None, None, None
