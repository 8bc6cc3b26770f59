"""L2 logistic regression on sparse rows, one sigmoid a label, several row subsets at once.

    minimise over W, b:  sum_i log(1 + exp(-s_ic (x_i W_c + b_c))) + l2/2 * |W_c|^2      for each label c apart

s is 1 where the text carries the label and -1 where not; b is not penalised. All labels and folds are columns of one
product, so that cross-fitting costs little more than fitting; in blocks, so that memory stays bounded.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from modelsvc.types import Look, Targets, unwatched

Floats = NDArray[np.float32]

L2 = 0.1  # on unit rows; a tenth or ten times of it changed the order of texts by less than a point
MAX_STEPS = 60
TOLERANCE = 1e-6  # of the loss; ten times less took a third longer and moved no logit by .03
REMEMBERED = 4  # steps that L-BFGS looks back on
BLOCK = 1_000_000  # weights solved for at once: some 150 MB while it lasts


def fit_sparse_subsets(T: csr_matrix, Y: Targets, included: Floats, *, look: Look = unwatched) -> tuple[Floats, Floats]:
    """One classifier for each row of `included` (F, n), whose 0s leave texts out. -> (F, V, C), (F, C)

    T is (n, V), Y is (n, C). A label that a subset knows only one way gets no weights and the add-half bias. `look` is
    called at each step of the search.
    """
    F, C, V = len(included), Y.shape[1], int(T.shape[1])
    # Every subset of every label is a problem of its own: a column j = (f, c).
    targets = np.tile(Y.astype(np.float32), (1, F))  # (n, J)
    counted = np.repeat(included.T, C, axis=1).astype(np.float32)  # (n, J)
    weights, bias = np.zeros((V, F * C), np.float32), np.empty(F * C, np.float32)
    rows = _Rows(T.tocsr(), T.T.tocsr(), np.asarray(T.multiply(T).sum(axis=0), np.float32).ravel())
    at_once = max(1, BLOCK // (V + 1))
    for start in range(0, F * C, at_once):
        block = slice(start, start + at_once)
        weights[:, block], bias[block] = _fit(rows, targets[:, block], counted[:, block], look)
    return weights.reshape(V, F, C).transpose(1, 0, 2), bias.reshape(F, C)


@dataclass(frozen=True)
class _Rows:
    T: csr_matrix  # (n, V)
    transposed: csr_matrix  # (V, n)
    energy: Floats  # (V,) of each word: the sum of its squares


def _fit(rows: _Rows, targets: Floats, counted: Floats, look: Look) -> tuple[Floats, Floats]:
    """Weights (V, J) and biases (J,) of J problems over the same n texts; targets and counted are (n, J)."""
    V, J = len(rows.energy), targets.shape[1]
    texts, positives = counted.sum(axis=0), (counted * targets).sum(axis=0)  # (J,)
    learnable = (positives > 0) & (positives < texts)
    constant = np.log((positives + 0.5) / (texts - positives + 0.5)).astype(np.float32)
    counted = counted * learnable
    # Each weight in units of its expected curvature: the problem is rounder there, and fewer steps do.
    curve = np.maximum(positives * (texts - positives) / np.maximum(texts, 1) ** 2, 1e-3)  # (J,)
    scale = np.empty((V + 1, J), np.float32)
    scale[:V] = 1 / np.sqrt(rows.energy[:, None] * curve + L2)
    scale[V] = 1 / np.sqrt(np.maximum(texts, 1) * curve)

    def loss_and_gradient(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        look()
        A = flat.astype(np.float32).reshape(V + 1, J) * scale
        logits = rows.T @ A[:V] + A[V]  # (n, J)
        size = np.exp(-np.abs(logits))
        loss = (np.log1p(size) + np.maximum(logits, 0) - logits * targets) * counted
        slope = (np.where(logits >= 0, 1, size) / (1 + size) - targets) * counted
        gradient = np.empty_like(A)
        gradient[:V] = rows.transposed @ slope + np.float32(L2) * A[:V]
        gradient[V] = slope.sum(axis=0)
        penalty = 0.5 * L2 * float(np.square(A[:V], dtype=np.float64).sum())
        return float(loss.sum(dtype=np.float64)) + penalty, (gradient * scale).ravel().astype(np.float64)

    start = np.zeros((V + 1, J))
    start[V] = np.where(learnable, constant, 0) / scale[V]
    options = {"maxiter": MAX_STEPS, "gtol": 1e-3, "ftol": TOLERANCE, "maxcor": REMEMBERED}
    found = minimize(loss_and_gradient, start.ravel(), jac=True, method="L-BFGS-B", options=options)
    solution = found.x.astype(np.float32).reshape(V + 1, J) * scale
    return solution[:V], np.where(learnable, solution[V], constant).astype(np.float32)
