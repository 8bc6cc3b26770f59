"""L2 logistic regression on sparse rows, one sigmoid a label, several row subsets at once.

    minimise over W, b:  sum_i log(1 + exp(-s_ic (x_i W_c + b_c))) + l2/2 * |W_c|^2      for each label c apart

s is 1 where the text carries the label and -1 where not; b is not penalised. All labels and folds are columns of one
product, so that cross-fitting costs little more than fitting.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from modelsvc.types import Targets

Floats = NDArray[np.float32]

L2 = 0.1  # on unit rows; a tenth or ten times of it changed the order of texts by less than a point
MAX_STEPS = 60


def fit_sparse_subsets(T: csr_matrix, Y: Targets, included: Floats) -> tuple[Floats, Floats]:
    """One classifier for each row of `included` (F, n), whose 0s leave texts out. -> (F, V, C), (F, C)

    T is (n, V), Y is (n, C). A label that a subset knows only one way gets no weights and the add-half bias.
    """
    used = np.flatnonzero(np.diff(T.tocsc().indptr))
    rows = T[:, used].tocsr()
    columns = rows.T.tocsr()
    F, n, C, V = len(included), *Y.shape, len(used)
    targets = Y.astype(np.float32)[:, None, :]  # (n, 1, C)
    texts = included.sum(axis=1, keepdims=True)  # (F, 1)
    positives = included @ Y.astype(np.float32)  # (F, C)
    learnable = (positives > 0) & (positives < texts)
    counted = included.T[:, :, None] * learnable  # (n, F, C)
    constant = np.log((positives + 0.5) / (texts - positives + 0.5)).astype(np.float32)

    def loss_and_gradient(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        A = flat.astype(np.float32).reshape(V + 1, F * C)
        logits = (rows @ A[:V] + A[V]).reshape(n, F, C)
        loss = (np.logaddexp(0, logits) - logits * targets) * counted
        slope = ((0.5 * (1 + np.tanh(logits / 2)) - targets) * counted).reshape(n, F * C)
        gradient = np.empty_like(A)
        gradient[:V] = columns @ slope + np.float32(L2) * A[:V]
        gradient[V] = slope.sum(axis=0)
        penalty = 0.5 * L2 * float(np.square(A[:V], dtype=np.float64).sum())
        return float(loss.sum(dtype=np.float64)) + penalty, gradient.ravel().astype(np.float64)

    start = np.zeros((V + 1, F, C))
    start[V] = np.where(learnable, constant, 0)
    options = {"maxiter": MAX_STEPS, "gtol": 1e-3, "ftol": 1e-7, "maxcor": 8}
    found = minimize(loss_and_gradient, start.ravel(), jac=True, method="L-BFGS-B", options=options)
    solution = found.x.astype(np.float32).reshape(V + 1, F, C)
    weights = np.zeros((F, T.shape[1], C), np.float32)
    weights[:, used] = solution[:V].transpose(1, 0, 2)
    return weights, np.where(learnable, solution[V], constant).astype(np.float32)
