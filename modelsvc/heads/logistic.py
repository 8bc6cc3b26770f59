"""L2 logistic regression, several row subsets at once: the convex problem under the quick model.

    minimise over W, b:  sum_i v_i * loss(x_i W + b, y_i) + l2/2 * |W|^2      (b is not penalised)

Fitted in the principal axes of X, each scaled by its expected curvature: the problem is nearly round there and
L-BFGS needs few steps. Several folds are columns of one matrix product, which is what makes cross-fitting cheap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from modelsvc.types import Embeddings, Head, Look, Targets, unwatched

Floats = NDArray[np.float32]

L2 = 0.15  # on unit rows, for a loss summed over texts; measured, see benchmarks/LOG.md
ABSENT = np.float32(-100.0)  # logit of a label nobody has used: e^-100, and still e^-20 at temperature 5
MAX_STEPS = 60
GRADIENT_TOLERANCE = 1e-3  # in the rounded axes, where a step is about as long as the gradient


def fit_linear(
    X: Embeddings, Y: Targets, *, multi_label: bool, warm: Head | None = None, look: Look = unwatched
) -> tuple[Floats, Floats]:
    """Weights (D, C) and bias (C,) fitted on all rows. X (n, D), Y (n, C)."""
    everything = np.ones((1, X.shape[0]), np.float32)
    weights, bias = fit_subsets(X, Y, everything, multi_label=multi_label, warm=warm, look=look)
    return weights[0], bias[0]


def fit_subsets(
    X: Embeddings,
    Y: Targets,
    included: Floats,
    *,
    multi_label: bool,
    warm: Head | None = None,
    look: Look = unwatched,
) -> tuple[Floats, Floats]:
    """One linear classifier for each row of `included` (F, n), whose 0s leave texts out. -> (F, D, C), (F, C)

    `look` is called at each step of the search, a tenth of a second at 5,000 texts of 77 labels in ten folds.
    """
    C = Y.shape[1]
    F = included.shape[0]
    axes = _round_axes(X, C)
    cells = _cell_weights(Y, multi_label)
    problem = _Problem(axes.rows, Y.astype(np.float32), included, axes.penalty, multi_label, cells)
    r = axes.rows.shape[1]
    start = np.zeros((r + 1, F, C), np.float32)
    if warm is not None:
        known = min(C, warm.bias.shape[0])
        start[:r, :, :known] = (axes.into @ warm.weights[:, :known])[:, None, :]
        start[r, :, :known] = warm.bias[:known] + axes.mean @ warm.weights[:, :known]
    start[:, ~problem.learnable] = 0

    def loss_and_gradient(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        look()
        return problem.loss_and_gradient(flat)

    found = minimize(
        loss_and_gradient,
        start.ravel().astype(np.float64),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": MAX_STEPS, "gtol": GRADIENT_TOLERANCE, "ftol": 1e-7, "maxcor": 8},
    )
    solution = found.x.astype(np.float32).reshape(r + 1, F, C)
    weights = np.einsum("dr,rfc->fdc", axes.out, solution[:r], optimize=True)
    bias = solution[r] - np.einsum("d,fdc->fc", axes.mean, weights, optimize=True)
    return weights.astype(np.float32), np.where(problem.learnable, bias, problem.constant).astype(np.float32)


@dataclass(frozen=True)
class _Axes:
    rows: Floats  # (n, r) texts in the rounded axes
    out: Floats  # (D, r) weights in rounded axes -> weights on embeddings
    into: Floats  # (r, D) the other way
    mean: Floats  # (D,)
    penalty: Floats  # (r,) the l2 of each rounded axis


def _round_axes(X: Embeddings, C: int) -> _Axes:
    """Principal axes of the centred rows, scaled by 1/sqrt(curvature). Nothing is lost by it: the best weights lie in
    the span of the centred rows, because the bias is not penalised."""
    mean = X.mean(axis=0)
    centred = X - mean
    n, D = X.shape
    if n < D:
        energy, left = np.linalg.eigh(centred @ centred.T)
    else:
        energy, right = np.linalg.eigh(centred.T @ centred)
    keep = energy > max(1e-6, 1e-6 * float(energy.max(initial=0)))
    energy = energy[keep]
    V = right[:, keep] if n >= D else centred.T @ (left[:, keep] / np.sqrt(energy))  # (D, r)
    scale = np.sqrt(energy / max(C, 4) + L2)
    return _Axes(
        rows=(centred @ (V / scale)).astype(np.float32),
        out=(V / scale).astype(np.float32),
        into=(V * scale).T.astype(np.float32),
        mean=mean,
        penalty=(L2 / scale**2).astype(np.float32),
    )


def _cell_weights(Y: Targets, multi_label: bool) -> Floats:
    """How much each text counts: (n, 1), or for each label apart (n, C) with several labels. Mean 1 over texts."""
    counts = Y.sum(axis=0, dtype=np.int64)
    if multi_label:
        n = Y.shape[0]
        share = np.clip(counts / n, 1 / (n + 1), 0.5)
        # The square root: full balance drowns the few positives' neighbours, none leaves rare labels at 0.
        lift = np.sqrt((1 - share) / share)
        cells: Floats = np.where(Y > 0, lift, 1.0).astype(np.float32)
        return cells
    # Labels weigh evenly however uneven their counts: with one text of a label and three of another the few labels say
    # nothing of how often either occurs, and the bias they would teach costs up to 8 points (benchmarks/LOG.md).
    each = Y.shape[0] / (np.count_nonzero(counts) * np.maximum(counts, 1))
    of_text: Floats = each[Y.argmax(axis=1)].astype(np.float32)[:, None]
    return of_text


class _Problem:
    """The loss of F classifiers over one set of rows, and which of their labels can be learnt at all."""

    def __init__(self, rows: Floats, Y: Floats, included: Floats, penalty: Floats, multi_label: bool, cells: Floats):
        self.rows, self.Y, self.penalty, self.multi_label = rows, Y, penalty, multi_label
        C = Y.shape[1]
        self.shape = (rows.shape[1] + 1, included.shape[0], C)
        positives = included @ Y  # (F, C)
        texts = included.sum(axis=1, keepdims=True)  # (F, 1)
        self.weights = included.T[:, :, None] * cells[:, None, :]  # (n, F, C) or (n, F, 1)
        if multi_label:
            self.learnable = (positives > 0) & (positives < texts)
            # Add-half: the honest guess for a label only ever seen one way.
            self.constant = np.log((positives + 0.5) / (texts - positives + 0.5)).astype(np.float32)
        else:
            self.learnable = (positives > 0) & (np.count_nonzero(positives > 0, axis=1) > 1)[:, None]
            self.constant = np.where(positives > 0, np.float32(0), ABSENT)
        self.mask = np.where(positives > 0, np.float32(0), ABSENT * 100)

    def loss_and_gradient(self, flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        A = flat.astype(np.float32).reshape(self.shape)  # (r + 1, F, C)
        r, F, C = A.shape[0] - 1, A.shape[1], A.shape[2]
        logits = (self.rows @ A[:r].reshape(r, F * C)).reshape(-1, F, C) + A[r]  # (n, F, C)
        fit, slope = self._sigmoids(logits) if self.multi_label else self._softmax(logits)
        slope *= self.learnable
        gradient = np.empty(self.shape, np.float32)
        gradient[:r] = (self.rows.T @ slope.reshape(-1, F * C)).reshape(r, F, C) + self.penalty[:, None, None] * A[:r]
        gradient[r] = slope.sum(axis=0)
        ridge = 0.5 * float((self.penalty * np.square(A[:r], dtype=np.float64).sum(axis=(1, 2))).sum())
        return fit + ridge, gradient.ravel().astype(np.float64)

    def _softmax(self, logits: Floats) -> tuple[float, Floats]:
        logits += self.mask
        truth = np.einsum("nfc,nc->nf", logits, self.Y)
        peak = logits.max(axis=2)
        logits -= peak[:, :, None]
        np.exp(logits, out=logits)
        total = logits.sum(axis=2)
        loss = self.weights[:, :, 0] * (np.log(total) + peak - truth)
        logits /= total[:, :, None]
        logits -= self.Y[:, None, :]
        logits *= self.weights
        return float(loss.sum(dtype=np.float64)), logits

    def _sigmoids(self, logits: Floats) -> tuple[float, Floats]:
        Y = self.Y[:, None, :]
        size = np.exp(-np.abs(logits))
        loss = (np.log1p(size) + np.maximum(logits, 0) - logits * Y) * self.weights * self.learnable
        slope = (np.where(logits >= 0, 1 / (1 + size), size / (1 + size)) - Y) * self.weights
        return float(loss.sum(dtype=np.float64)), slope.astype(np.float32)
