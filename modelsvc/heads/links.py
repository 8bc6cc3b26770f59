"""Between logits, probabilities and answers: what turns one into another, and what is lost by being too sure."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from modelsvc.types import Proba, Targets

Floats = NDArray[np.float32]
Real = TypeVar("Real", bound=np.floating)

TEMPERATURES = np.exp(np.log(np.geomspace(0.2, 5.0, 65)))  # steps of 5 %, of which a head keeps one
COARSE = np.geomspace(0.2, 5.0, 17)  # for comparing heads, each at its best: three steps of the others in one
SPREAD = np.log(2)  # of a temperature's logarithm around what is expected: half or twice as much is no surprise


def softmax(logits: Floats) -> Proba:
    """Over the last axis."""
    shifted: Proba = logits - logits.max(axis=-1, keepdims=True)
    np.exp(shifted, out=shifted)
    shifted /= shifted.sum(axis=-1, keepdims=True)
    return shifted


def sigmoid(logits: NDArray[Real]) -> NDArray[Real]:
    """Each by itself."""
    return (0.5 * (1 + np.tanh(logits / 2))).astype(logits.dtype, copy=False)  # tanh never overflows


def one_hot(columns: NDArray[np.int64], C: int) -> Targets:
    """(n,) -> (n, C)"""
    answers: Targets = np.eye(C, dtype=np.uint8)[columns]
    return answers


def likeliest(proba: Proba) -> Targets:
    """The answers with one label a text: (N, C) -> (N, C)."""
    return one_hot(proba.argmax(axis=1), proba.shape[1])


def log_losses(logits: Floats, truth: NDArray[np.int64]) -> NDArray[np.float64]:
    """(n,) of each row of logits (n, C) with one label a text."""
    peak = logits.max(axis=1)
    whole = np.log(np.exp(logits - peak[:, None]).sum(axis=1)) + peak
    losses: NDArray[np.float64] = (whole - logits[np.arange(len(truth)), truth]).astype(np.float64)
    return losses


def tempered(
    logits: Floats, truth: NDArray[np.int64], temperatures: NDArray[np.float64], *, expected: float | None = None
) -> tuple[float, NDArray[np.float64]]:
    """The temperature of these that suits all rows best (Guo et al. 2017, arXiv 1706.04599), and each row's loss at
    it (n,). It is drawn towards the one `expected` as far as rows leave it open (a normal prior on its logarithm): ten
    rows that happen to be all right would have a head as sure as there are numbers for."""
    losses = [log_losses(logits / np.float32(temperature), truth) for temperature in temperatures]
    surprise = 0 if expected is None else np.square(np.log(temperatures / expected) / SPREAD) / 2
    best = int(np.argmin(np.sum(losses, axis=1) + surprise))
    return float(temperatures[best]), losses[best]
