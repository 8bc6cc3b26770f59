"""Three of a layer's four products in int8, for CPUs with VNNI: where reading a large pool is worth a little accuracy.

Weights have one scale a row, tokens one scale each, so no text's embedding depends on its neighbours in the batch. Some
channels of a layer's input are far larger than the rest and would take all of the 255 steps; what is large is divided
and its weights multiplied (SmoothQuant: Xiao et al. 2023, arXiv 2211.10438). How large, a few sentences tell: they
move error between channels and clip nothing. The fourth product, whose input has no such channels but long tails,
stays as it was, and so do attention and norms.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from modelsvc.packed import Linear, PackedBert, Weights

LEAST_TEXTS = 500  # converting the weights takes as long as reading some dozens of short texts
LEAST_COSINE = 0.999  # mean over some of the texts, to the same sums without int8; below it int8 is not used
CHECKED = 32  # texts
SENTENCES = [
    "A court in the city decides all disputes, unless both parties agree on another place.",
    "What is the capital of France?",
    "Shares rose 10% in 2004, the company said; Reuters reports.",
    "my card hasn't arrived yet :(",
    "Wir können diese Bedingungen jederzeit ändern.",
]


def available() -> bool:
    """Whether this CPU multiplies int8 in one instruction; without, sums of two products may overflow."""
    can = torch.cpu.get_capabilities()
    return bool(can.get("avx512_vnni") or can.get("avx_vnni"))


@dataclass(frozen=True)
class Int8Linear:
    """A linear layer: (S, D) -> (S, K) in `dtype`."""

    smooth: Tensor | None  # (D,) its inverse: what the input is multiplied by
    packed: Tensor  # (K, D) int8, as oneDNN wants it
    scales: Tensor  # (K,)
    zeros: Tensor  # (K,)
    bias: Tensor  # (K,)
    dtype: torch.dtype

    def __call__(self, x: Tensor) -> Tensor:
        x = x.float() if self.smooth is None else x * self.smooth
        step = x.abs().amax(-1, keepdim=True).div_(127).clamp_(min=1e-9)  # (S, 1)
        steps = torch.div(x, step).add_(128.5).to(torch.uint8)  # 1..255, 128 is nought
        product = torch.ops.onednn.qlinear_pointwise(
            steps, 1.0, 128, self.packed, self.scales, self.zeros, None, 1.0, 0, self.dtype, "none", [], ""
        )
        return torch.addcmul(self.bias, product, step.to(self.dtype))


def in_int8(packed: PackedBert, ids: Tensor, mask: Tensor) -> PackedBert:
    """The same encoder with int8 products; token ids and mask (B, T) are of the sentences that show what is large."""
    seen: list[Tensor] = []

    def noting(weights: Linear) -> Linear:
        def linear(x: Tensor) -> Tensor:
            seen.append(x.float().abs().amax(0))
            return weights(x)

        return linear

    noted = [
        replace(layer, attention_in=noting(layer.attention_in), wide=noting(layer.wide)) for layer in packed.layers
    ]
    replace(packed, layers=noted)(ids, mask)
    layers = [
        replace(
            layer,
            attention_in=_int8(layer.attention_in, seen[2 * at]),
            attention_out=_int8(layer.attention_out, None),
            wide=_int8(layer.wide, seen[2 * at + 1]),
        )
        for at, layer in enumerate(packed.layers)
    ]
    return replace(packed, layers=layers)


def holds(quick: Tensor, plain: Tensor) -> bool:
    """Whether unit vectors (N, D) point the same way as those of the sums without int8."""
    return bool((quick * plain).sum(1).mean() >= LEAST_COSINE)


def _int8(linear: Linear, largest: Tensor | None) -> Linear:
    """`largest` (D,): of each channel of its input; None for no smoothing."""
    if not isinstance(linear, Weights):
        return linear
    weight, smooth = linear.weight.float(), None
    if largest is not None:
        smooth = (largest.clamp(min=1e-3) / weight.abs().amax(0).clamp(min=1e-4)).sqrt()
        smooth /= smooth.mean()
        weight = weight * smooth
    scales = weight.abs().amax(1).clamp(min=1e-9) / 127
    steps = (weight / scales[:, None]).round().to(torch.int8)
    packed = torch.ops.onednn.qlinear_prepack(steps, None)
    zeros = torch.zeros(len(scales), dtype=torch.long)
    return Int8Linear(None if smooth is None else 1 / smooth, packed, scales, zeros, linear.bias, linear.bias.dtype)
