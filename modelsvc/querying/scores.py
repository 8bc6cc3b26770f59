"""How unsure the model is of each text: pure functions from probabilities to scores in 0..1, higher = ask first."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modelsvc.types import Proba, Scores


def least_confidence(proba: Proba) -> Scores:
    """How far the likeliest label is from certain, 1 at a uniform guess. (N, C) -> (N,)"""
    C = proba.shape[1]
    if C < 2:
        return np.zeros(proba.shape[0], np.float32)
    scores: Scores = ((1 - proba.max(axis=1)) * (C / (C - 1))).astype(np.float32)
    return _unit(scores)


def margin(proba: Proba) -> Scores:
    """1 - (p1 - p2), breaking ties (Luo et al. 2005). (N, C) -> (N,)"""
    if proba.shape[1] < 2:
        return np.zeros(proba.shape[0], np.float32)
    top = np.partition(proba, proba.shape[1] - 2, axis=1)[:, -2:]  # (N, 2): second, first
    scores: Scores = (1 - (top[:, 1] - top[:, 0])).astype(np.float32)
    return _unit(scores)


def entropy(proba: Proba) -> Scores:
    """-sum p log p, in units of its largest value log C. (N, C) -> (N,)"""
    C = proba.shape[1]
    if C < 2:
        return np.zeros(proba.shape[0], np.float32)
    p = np.clip(proba, 1e-12, 1)
    scores: Scores = (-(p * np.log(p)).sum(axis=1) / np.log(C)).astype(np.float32)
    return _unit(scores)


def label_margins(proba: Proba) -> NDArray[np.float32]:
    """How near to even each label's yes and no are: 1 - |2p - 1|. (N, C) -> (N, C)"""
    near: NDArray[np.float32] = (1 - np.abs(2 * proba - 1)).astype(np.float32)
    return near


def multilabel_margin(proba: Proba) -> Scores:
    """The margin of the label each text is least settled on. (N, C) -> (N,)"""
    if proba.shape[1] == 0:
        return np.zeros(proba.shape[0], np.float32)
    scores: Scores = label_margins(proba).max(axis=1)
    return _unit(scores)


def multilabel_least_confidence(proba: Proba) -> Scores:
    """How far the likeliest set of labels is from certain, each label taken by itself: 1 - product of max(p, 1 - p), as
    sequences are scored in Settles & Craven (2008); in units of its largest value. (N, C) -> (N,)"""
    C = proba.shape[1]
    if C == 0:
        return np.zeros(proba.shape[0], np.float32)
    settled = np.maximum(proba, 1 - proba).astype(np.float64).prod(axis=1)
    return _unit(((1 - settled) / (1 - 0.5**C)).astype(np.float32))


def multilabel_entropy(proba: Proba) -> Scores:
    """The entropies of all labels' yes and no, in units of their largest sum, C log 2. (N, C) -> (N,)"""
    if proba.shape[1] == 0:
        return np.zeros(proba.shape[0], np.float32)
    p = np.clip(proba.astype(np.float64), 1e-12, 1 - 1e-12)
    scores: Scores = (-(p * np.log(p) + (1 - p) * np.log1p(-p)).mean(axis=1) / np.log(2)).astype(np.float32)
    return _unit(scores)


def _unit(scores: Scores) -> Scores:
    """Rounding may leave 1 + 1e-7."""
    return np.clip(scores, 0, 1)
