"""How accuracy would go on with more labels: an inverse power law through the curve's points, its doubt, its back-test.

    accuracy(n) = a - b * n^(-c)        0 < a <= 1, b >= 0, 0.1 <= c <= 2

The law is that of the learning-curve literature (Viering & Loog 2021, arXiv 2103.10948). About one curve in seven does
not follow any such law (LCDB 1.1, arXiv 2505.15657), so a forecast is shown only where one made from the first 70 % of
the points foretells the rest. It holds for the way in which texts have been chosen so far, and to twice the labels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

EXPONENTS = np.geomspace(0.1, 2.0, 40)  # c
USUAL, SPREAD = 0.5, 0.6  # where c is expected, and the spread of its logarithm: few points say little about it
TOGETHER = 0.8  # correlation of two models' errors on the same audit texts: most texts are easy, or hard, for both
CALIBRATION = 0.025  # how far mean confidence is off, standard deviation; measured, see benchmarks/LOG.md
LEAST_POINTS = 6
FITTED = 0.7  # share of the points that foretell the rest
CLOSE = 0.02  # mean miss of the rest, as a share of texts, up to which the back-test passes
CURVES = 100  # drawn to tell the doubt


@dataclass(frozen=True)
class Points:
    """The curve so far, ascending in labels: P models on growing sets of audit texts, each within the next."""

    labels: Floats  # (P,)
    audit: Floats  # (P,) audit texts
    share: Floats  # (P,) right on them, 0..1
    variance: Floats  # (P,) of that share

    def first(self, count: int) -> Points:
        return Points(self.labels[:count], self.audit[:count], self.share[:count], self.variance[:count])

    def __len__(self) -> int:
        return len(self.labels)


def point(confidence: float, off: float, off_variance: float, audit: int) -> tuple[float, float]:
    """(Share right, its variance) of one model for the curve: its mean confidence over the pool, moved by what `audit`
    texts say it is `off` (right less confidence, with this variance), in so far as they can say more than that
    confidence is usually off by CALIBRATION. A forecast may lean on the model; the figures shown do not."""
    noise = max(off_variance, 0.01) / max(audit, 1)
    weight = CALIBRATION**2 / (CALIBRATION**2 + noise)
    return min(1.0, max(0.0, confidence + weight * off)), weight * noise


@dataclass(frozen=True)
class Forecast:
    """Curves (a, b, c) that fit the points: the best one, and others as likely as the points' doubt allows."""

    labels: int  # at the last point
    points: int
    best: tuple[float, float, float]
    drawn: list[tuple[float, float, float]]
    miss: float  # of the back-test: mean absolute difference on the last 30 % of the points
    passed: bool

    def gain(self, more: int, level: float = 0.95) -> tuple[float, float, float]:
        """(Best, low, high) of what `more` labels would add, as a share of texts."""
        ends = np.array([self.labels, self.labels + more], np.float64)
        best, drawn = evaluated(np.array(self.best), ends), evaluated(np.array(self.drawn), ends)
        low, high = np.quantile(drawn[:, 1] - drawn[:, 0], [0.5 - level / 2, 0.5 + level / 2])
        return float(best[1] - best[0]), float(low), float(high)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and lists, ready for JSON."""
        rounded = [[round(number, 6) for number in curve] for curve in (self.best, *self.drawn)]
        figures = {"labels": self.labels, "points": self.points, "miss": round(self.miss, 5), "passed": self.passed}
        return figures | {"best": rounded[0], "drawn": rounded[1:]}


def forecast(points: Points, *, seed: int, curves: int = CURVES) -> Forecast | None:
    """Fit and back-test. None below 6 points: there is nothing to test a law on."""
    if len(points) < LEAST_POINTS:
        return None
    best = _fit(points, points.share[None, :])[0]
    drawn = _fit(points, _resampled(points, evaluated(best, points.labels), seed=seed, times=curves))
    miss = back_test(points)
    return Forecast(
        labels=int(points.labels[-1]),
        points=len(points),
        best=_curve(best),
        drawn=[_curve(row) for row in drawn],
        miss=miss,
        passed=miss <= CLOSE,
    )


def back_test(points: Points) -> float:
    """The mean absolute miss, on the last 30 % of the points, of the law fitted on those before."""
    known = int(np.ceil(FITTED * len(points)))
    law = _fit(points.first(known), points.share[None, :known])[0]
    foretold = evaluated(law, points.labels[known:])
    return float(np.abs(foretold - points.share[known:]).mean())


def evaluated(curve: Floats, labels: Floats) -> Floats:
    """a - b * n^(-c) at these numbers of labels; `curve` (3,) or (R, 3). -> (P,) or (R, P)."""
    a, b, c = curve[..., 0:1], curve[..., 1:2], curve[..., 2:3]
    return np.asarray(a - b * labels**-c, np.float64)


def _resampled(points: Points, truth: Floats, *, seed: int, times: int) -> Floats:
    """The points as other audits would have given them, if `truth` (P,) were true. -> (times, P). A later audit set
    holds the earlier ones, so their errors go together."""
    shared = np.minimum.outer(points.audit, points.audit) / np.maximum.outer(points.audit, points.audit)
    correlation = TOGETHER * np.sqrt(shared)
    np.fill_diagonal(correlation, 1.0)
    spread = np.sqrt(points.variance)
    # Rounding may leave an eigenvalue a hair below 0, which a Cholesky root would refuse.
    values, vectors = np.linalg.eigh(correlation * np.outer(spread, spread))
    root = vectors * np.sqrt(np.maximum(values, 0))
    errors = np.random.default_rng(seed).normal(size=(times, len(truth))) @ root.T
    return np.asarray(np.clip(truth + errors, 0.0, 1.0))


def _fit(points: Points, shares: Floats) -> Floats:
    """The best (a, b, c) of each of R curves: shares (R, P) -> (R, 3). Least squares, weighted by 1/variance, over a
    grid of c with a and b in closed form, so that R fits cost no more than a few matrix products."""
    w = 1 / np.maximum(points.variance, 1e-6)  # (P,)
    best = np.full(len(shares), np.inf)
    found = np.zeros((len(shares), 3))
    for c in EXPONENTS:
        x = points.labels**-c
        a, b = _line(w, x, shares)
        loss = (w * (shares - a[:, None] + b[:, None] * x) ** 2).sum(axis=1) + (np.log(c / USUAL) / SPREAD) ** 2
        better = loss < best
        best[better] = loss[better]
        found[better] = np.column_stack([a, b, np.full(len(a), c)])[better]
    return found


def _line(w: Floats, x: Floats, shares: Floats) -> tuple[Floats, Floats]:
    """a (R,) and b (R,) of share = a - b x within their bounds, for weights w (P,) and x (P,)."""
    total, mean_x = w.sum(), (w * x).sum() / w.sum()
    mean = shares @ w / total
    spread = (w * (x - mean_x) ** 2).sum()
    b = np.maximum(-((shares - mean[:, None]) @ (w * (x - mean_x))) / max(spread, 1e-12), 0.0)
    a = mean + b * mean_x
    steep = a > 1  # then the best within bounds lies on a = 1
    b = np.where(steep, np.maximum((1 - shares) @ (w * x) / (w * x * x).sum(), 0.0), b)
    return np.where(steep, 1.0, np.maximum(a, 1e-6)), b


def _curve(row: Floats) -> tuple[float, float, float]:
    return float(row[0]), float(row[1]), float(row[2])
