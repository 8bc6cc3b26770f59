"""Several labels a text, some of them rare: each label's own probability and threshold, from a handful of positives.

A label's logits come from texts the head has not seen (cross-fitting). A scale and an offset turn them into a
probability (Platt 1999), drawn towards those of all labels together, since five positives alone say little about two
numbers. The threshold is then the one with the best *expected* F1 over the whole pool, labelled or not (Lipton et al.
2014, arXiv 1402.1892: half the best F1). The F1-best cut on the labelled texts, which it replaces, is one text's
accident while positives are few, and tells of texts chosen by a model, not of the pool.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelsvc.heads.links import sigmoid
from modelsvc.types import Proba, Targets

Floats = NDArray[np.float32]

DEFAULT_THRESHOLD = 0.5
SCALE_SPREAD = 0.3  # how far a label's scale lies from the common one: standard deviation, as a share of it
OFFSET_SPREAD = 0.5  # and its offset, in logits
LEAST_THRESHOLD = 0.05  # a label that would be wrong nineteen times in twenty is not given
NEWTON_STEPS = 30
LEAST_SCALE = 0.05  # a head that ranks no better than chance is flattened, never turned round


@dataclass(frozen=True)
class Scales:
    """What makes logits (N, C) honest: `scale * logit + offset`, label by label."""

    scale: Floats  # (C,)
    offset: Floats  # (C,)

    def proba(self, logits: Floats) -> Proba:
        """(N, C) -> (N, C)."""
        honest: Proba = sigmoid(logits * self.scale + self.offset).astype(np.float32)
        return honest


def shrunk_scales(logits: Floats, Y: Targets) -> Scales:
    """Each label's scale and offset from out-of-fold logits (n, C) and answers (n, C), shrunk towards a common pair.

    The common pair is fitted on all labels at once and itself held near (1, 0), so that a handful of texts, or none,
    leaves the logits as they are.
    """
    C = Y.shape[1]
    z, y = logits.astype(np.float64), Y.astype(np.float64)
    together = _posterior(z.reshape(-1, 1), y.reshape(-1, 1), np.ones(1), np.zeros(1), spreads=(1.0, 3.0))
    scale, offset = np.repeat(together[0], C), np.repeat(together[1], C)
    scale, offset = _posterior(z, y, scale, offset, spreads=(SCALE_SPREAD * float(together[0][0]), OFFSET_SPREAD))
    return Scales(scale.astype(np.float32), offset.astype(np.float32))


def expected_f1_thresholds(proba: Proba) -> Floats:
    """The threshold of each label (C,) with the best expected F1 on texts of these honest probabilities (N, C).

    Expected F1 of the k likeliest: twice the sum of their probabilities over k plus the sum of all.
    """
    thresholds = np.full(proba.shape[1], DEFAULT_THRESHOLD, np.float32)
    for c in range(proba.shape[1]) if len(proba) else ():
        p = np.sort(proba[:, c].astype(np.float64))[::-1]
        expected = 2 * np.cumsum(p) / (np.arange(1, len(p) + 1) + p.sum())
        # A cut can only fall between two different probabilities.
        expected[:-1][p[:-1] == p[1:]] = -1
        best = int(expected.argmax())
        below = p[best + 1] if best + 1 < len(p) else 0.0
        thresholds[c] = np.clip((p[best] + below) / 2, LEAST_THRESHOLD, 0.99)
    return thresholds


def thresholds_for(expected: Proba, Y: Targets) -> Floats:
    """(C,) by these honest probabilities (N, C), for a head taught by Y (n, C). A label without a single text keeps
    DEFAULT_THRESHOLD: there is nothing to expect of it."""
    best = np.where(Y.any(axis=0), expected_f1_thresholds(expected), np.float32(DEFAULT_THRESHOLD))
    return best.astype(np.float32)


def over(thresholds: Floats, proba: Proba) -> Targets:
    """The answers: each label at or above its threshold (C,), or DEFAULT_THRESHOLD where there is none. (N, C)"""
    answers: Targets = (proba >= (thresholds if thresholds.size else DEFAULT_THRESHOLD)).astype(np.uint8)
    return answers


def rate_matched_thresholds(proba: Proba, rates: NDArray[np.floating]) -> Floats:
    """Thresholds (C,) that give each label to the same share of these texts (N, C) as `rates` (C,) says.

    For a head over an encoder that was tuned on the labelled texts: it is too sure of all of them to set thresholds by
    them, but how many texts of the pool carry a label is known from a head that was not.
    """
    N, C = proba.shape
    thresholds = np.full(C, DEFAULT_THRESHOLD, np.float32)
    for c in range(C) if N else ():
        p = np.sort(proba[:, c].astype(np.float64))[::-1]
        k = min(N, max(1, round(float(rates[c]) * N)))
        below = p[k] if k < N else 0.0
        thresholds[c] = np.clip((p[k - 1] + below) / 2, 1e-6, 0.999999)
    return thresholds


def moved_like(before: Floats, now: Floats) -> tuple[Floats, Floats]:
    """The scale and offset (C,) that give a refitted head's logits `now` (n, C) the mean and spread of the calibrated
    logits `before` (n, C) of the same texts: keeps a calibration while only few labels came since."""
    spread = now.std(axis=0)
    scale = np.where(spread > 1e-6, before.std(axis=0) / np.maximum(spread, 1e-6), 1).astype(np.float32)
    return scale, (before.mean(axis=0) - now.mean(axis=0) * scale).astype(np.float32)


def _posterior(
    z: NDArray[np.float64],
    y: NDArray[np.float64],
    scale: NDArray[np.float64],
    offset: NDArray[np.float64],
    *,
    spreads: tuple[float, float],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The likeliest (scale, offset) of every column of (n, C), normal around those given. Newton's method, damped."""
    a, b = scale.copy(), offset.copy()
    pull = (1 / max(spreads[0], 1e-3) ** 2, 1 / spreads[1] ** 2)
    for _ in range(NEWTON_STEPS):
        p = sigmoid(a * z + b)
        slope, curve = p - y, p * (1 - p)
        gradient = ((slope * z).sum(0) + pull[0] * (a - scale), slope.sum(0) + pull[1] * (b - offset))
        aa, ab, bb = (curve * z * z).sum(0) + pull[0], (curve * z).sum(0), curve.sum(0) + pull[1]
        determinant = aa * bb - ab * ab
        step_a = (bb * gradient[0] - ab * gradient[1]) / determinant
        step_b = (aa * gradient[1] - ab * gradient[0]) / determinant
        damp = 1 / np.maximum(1, np.maximum(np.abs(step_a), np.abs(step_b)))  # never further than 1 at a time
        a, b = np.maximum(a - damp * step_a, LEAST_SCALE), b - damp * step_b
    return a, b
