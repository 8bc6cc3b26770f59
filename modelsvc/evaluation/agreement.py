"""How far two models answer alike, chance aside: what settles while more labels change nothing any more."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modelsvc.types import Proba, Targets


def kappa(before: Targets, now: Targets) -> float:
    """Cohen's kappa (1960) of two models' answers to the same texts, both (n, C).

    One label a text: over texts. Several, or none: over every label of every text, given or withheld. Two models that
    give everybody the same answer agree fully: 1. Without a text it is 0: nothing was compared.
    """
    n = len(now)
    if not n:
        return 0.0
    a, b = before > 0, now > 0
    if (a.sum(axis=1) == 1).all() and (b.sum(axis=1) == 1).all():
        alike = float((a & b).any(axis=1).mean())
        chance = float((a.mean(axis=0) * b.mean(axis=0)).sum())
    else:
        alike, p, q = float((a == b).mean()), float(a.mean()), float(b.mean())
        chance = p * q + (1 - p) * (1 - q)
    return 1.0 if chance >= 1 else (alike - chance) / (1 - chance)


def unchanged(before: Targets, now: Targets) -> float:
    """The share of texts whose whole answer is the same. (n, C), (n, C); without a text 0."""
    return float(((before > 0) == (now > 0)).all(axis=1).mean()) if len(now) else 0.0


def normalised_entropy(proba: Proba, *, multi_label: bool) -> float:
    """Mean entropy of N texts' probabilities (N, C) as a share of the most there can be: 0 sure, 1 knows nothing.

    Several labels a text: of each label's yes or no, as a share of what is in doubt when only the labels' shares are
    known. A label that one text in a hundred carries would else pass for sure by being rare. Without a text it is 1.
    """
    N, C = proba.shape
    if not N or C == 0 or (C == 1 and not multi_label):
        return 1.0
    if multi_label:
        blind = float(_yes_or_no(proba.mean(axis=0, dtype=np.float64)).sum())
        return min(1.0, float(_yes_or_no(proba).mean(axis=0).sum()) / blind) if blind > 1e-9 else 0.0
    p = np.clip(proba, 1e-7, 1)  # the probabilities are float32
    return min(1.0, float(-(p * np.log(p)).sum(axis=1).mean() / np.log(C)))


def _yes_or_no(p: NDArray[np.floating]) -> NDArray[np.floating]:
    """The entropy of each probability's yes or no."""
    yes, no = np.clip(p, 1e-7, 1), np.clip(1 - p, 1e-7, 1)
    return np.asarray(-(yes * np.log(yes) + no * np.log(no)))
