"""A loss over all texts of a batch together, learnt from piece by piece: one piece's memory, the whole one's gradient.

Where every two texts are a pair a piece has no loss of its own. The gradient cache (Gao et al. 2021, arXiv 2101.06983):
embed all pieces without keeping what a way back needs; take the loss's gradient at the embeddings, which is small; then
embed each piece again, with the dropout it had, and send its rows of that gradient back through the encoder. The price
is a second forward pass.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from modelsvc.tuning.dropout import CheapDropout
from modelsvc.types import Look, Rows, unwatched


def backward_by_pieces(
    embed: Callable[[Rows], Tensor],
    parts: Sequence[Rows],
    loss_of: Callable[[Tensor], Tensor],
    *,
    dropout: CheapDropout,
    look: Look = unwatched,
) -> float:
    """Add to the weights' gradients what `loss_of(Z).backward()` would, and give the loss.

    `embed` reads rows (b,) -> (b, D), random in nothing but `dropout`, which is entered. `loss_of` takes the embeddings
    of all B texts (B, D) in the order of `parts`. `look` is called before each piece both times, and may raise to stop.
    """

    def looked_at(rows: Rows) -> Tensor:
        look()
        return embed(rows)

    begun = dropout.place
    with torch.no_grad():
        Z = torch.cat([looked_at(rows) for rows in parts]).requires_grad_()  # (B, D)
    loss = loss_of(Z)
    (slope,) = torch.autograd.grad(loss, Z)  # (B, D)
    dropout.go_back(begun)
    for rows, of_piece in zip(parts, torch.split(slope, [len(rows) for rows in parts]), strict=True):
        looked_at(rows).backward(of_piece)  # type: ignore[no-untyped-call]
    return loss.item()
