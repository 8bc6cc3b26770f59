"""What a text's embedding and its words say of it, added up in shares and made honest label by label."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelsvc.heads.per_label import Scales, shrunk_scales
from modelsvc.heads.sureness import EMBEDDING_SHARE
from modelsvc.types import Proba, Targets

Floats = NDArray[np.float32]

SHARES = (0.15, 0.3, 0.5, 0.7, 0.85)
CLEARLY = 5.0  # nats by which the labelled texts must be likelier before another share is taken


@dataclass(frozen=True)
class Said:
    """Logits of n texts by each view of a head that had not seen them. Several labels a text."""

    dense: Floats  # (n, C) of the embedding
    words: Floats | None  # (n, C) of the words; None where none are read

    def mixed(self, share: float) -> Floats:
        """(n, C) with this share of the embedding."""
        return self.dense if self.words is None else mixed_logits(self.dense, self.words, share)

    def calibration(self, rows: NDArray[np.bool_], Y: Targets, untold: float = EMBEDDING_SHARE) -> tuple[float, Scales]:
        """The embedding's share of the logit, and the scales that make the sum honest, both from these rows (n,) of the
        texts of Y (n, C); where they cannot tell the share it is `untold`."""
        shares = sorted({*SHARES, untold}) if self.words is not None else [untold]
        scales = {share: shrunk_scales(self.mixed(share)[rows], Y[rows]) for share in shares}
        losses = {share: _log_loss(one.proba(self.mixed(share)[rows]), Y[rows]) for share, one in scales.items()}
        best = min(shares, key=lambda share: losses[share])
        share = best if losses[best] < losses[untold] - CLEARLY else untold
        return share, scales[share]


def mixed_logits(dense: Floats, words: Floats, share: float) -> Floats:
    """(N, C) of both views' logits."""
    mixed: Floats = np.float32(share) * dense + np.float32(1 - share) * words
    return mixed


def _log_loss(proba: Proba, Y: Targets) -> float:
    p = np.clip(proba.astype(np.float64), 1e-6, 1 - 1e-6)
    return float(-np.log(np.where(Y > 0, p, 1 - p)).sum())
