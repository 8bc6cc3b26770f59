"""One encoder out of several: the mean of their weights.

Encoders tuned from the same pretrained weights lie in one valley, and their mean is often better than each and rarely
worse (model soups: Wortsman et al. 2022, arXiv 2203.05482). It costs no time when it serves, as an ensemble would.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from modelsvc.encoding.encoder import Encoder
from modelsvc.encoding.weights_digest import model_sha256
from modelsvc.tuning.in_training import own_copy


def soup(encoders: Sequence[Encoder]) -> Encoder:
    """The mean, weight by weight, of encoders tuned from the same one; those given stay as they are.

    Raises ValueError for none, and RuntimeError, torch's own, where the shapes differ.
    """
    if not encoders:
        raise ValueError("A soup needs at least one encoder.")
    states = [encoder.model.state_dict() for encoder in encoders]
    mean = own_copy(encoders[0])
    with torch.no_grad():
        for name, tensor in mean.model.state_dict().items():
            if tensor.is_floating_point():  # not the counting of positions
                tensor.copy_(torch.stack([state[name] for state in states]).mean(0))
    mean.sha256 = model_sha256(mean.model)
    return mean
