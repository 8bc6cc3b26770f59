"""How accuracy would go on with more labels: inverse power laws through the curve's points, as far as the points tell.

    accuracy(n) = a - b * n^(-c)        0 < a <= 1, b >= 0, 0.1 <= c <= 2

The law is that of the learning-curve literature (Viering & Loog 2021, arXiv 2103.10948). It is not fitted but weighed:
every form it may take counts as much as the points make it likely (Bayes' rule), and the curves drawn are a sample of
that. The best fit alone is too sure of itself: the points' errors go together for long stretches, so that a rise may be
the models' and not the accuracy's. About one curve in seven does not follow any such law (LCDB 1.1, arXiv 2505.15657),
so a forecast is shown only where one made from the first 70 % of the points foretells the rest, where the points span
as much as it looks ahead, and where they do not fall: every law here rises, and over a short span a falling curve is
foretold as well as a flat one. It holds for the way
in which texts have been chosen so far, and to twice the labels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Floats = NDArray[np.float64]

CALIBRATION = 0.03  # how far mean confidence is off, standard deviation; measured, see benchmarks/LOG.md
ALIKE = 0.02  # how far confidence and audit are off alike: the audit's texts are answered by heads that lack them
LASTING, FADING = 0.4, 0.7  # of two points' errors: what they share at any distance; e-folds of labels between them
LEAST_NOISE = 0.004  # of a point for itself
BEFORE = 8  # texts whose confidence is believed before the audit says how far right and sure lie apart
LEAST_POINTS = 6
LEAST_SPAN = 2.0  # labels at the last point by those at the first: as far back as the forecast looks ahead
FALLING = 0.01  # mean of the last third below that of the first third, a share of texts, beyond which a curve falls
FITTED = 0.7  # share of the points that foretell the rest
CLOSE = 0.03  # mean miss of the rest, as a share of texts, up to which the back-test passes
CURVES = 100  # drawn to tell the doubt
LAW = "weighed power law over twice the labels"  # kept with each forecast: one by another law cannot be followed

# The forms weighed, all as likely as another before the points speak. `lasting`: the share of the errors at FIRST
# labels that no number of labels takes away. `exponent`: c.
FIRST = 100.0
_lasting, _exponent = np.meshgrid(np.linspace(0, 0.96, 25), np.geomspace(0.1, 2.0, 25), indexing="ij")
LASTS, EXPONENTS = _lasting.ravel(), _exponent.ravel()
ERRORS, ERRORS_SPREAD = 0.25, 0.25  # share of wrong answers at FIRST labels, before the points speak


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
    confidence is usually off by CALIBRATION. A forecast may lean on the model; the figures shown do not. Few texts
    that happen to be all right say too little of their variance: the confidence itself says what it should be."""
    expected = confidence * (1 - confidence)
    noise = max((audit * off_variance + BEFORE * expected) / (audit + BEFORE), 0.01) / max(audit, 1)
    weight = CALIBRATION**2 / (CALIBRATION**2 + noise)
    return min(1.0, max(0.0, confidence + weight * off)), weight * noise


@dataclass(frozen=True)
class Forecast:
    """Curves (a, b, c) as likely as the points make them, and the one in their middle."""

    labels: int  # at the last point
    points: int
    best: tuple[float, float, float]
    drawn: list[tuple[float, float, float]]
    miss: float  # of the back-test: mean absolute difference on the last 30 % of the points
    fell: bool  # the points do, so that no law here is theirs
    passed: bool

    def gain(self, more: int, level: float = 0.95) -> tuple[float, float, float]:
        """(Middle, low, high) of what `more` labels would add, as a share of texts."""
        ends = evaluated(np.array(self.drawn), np.array([self.labels, self.labels + more], np.float64))
        low, middle, high = np.quantile(ends[:, 1] - ends[:, 0], [0.5 - level / 2, 0.5, 0.5 + level / 2])
        return float(middle), float(low), float(high)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers and lists, ready for JSON."""
        rounded = [[round(number, 6) for number in curve] for curve in (self.best, *self.drawn)]
        figures = {
            "law": LAW,
            "labels": self.labels,
            "points": self.points,
            "miss": round(self.miss, 5),
            "fell": self.fell,
            "passed": self.passed,
        }
        return figures | {"best": rounded[0], "drawn": rounded[1:]}


def forecast(points: Points, *, seed: int, curves: int = CURVES) -> Forecast | None:
    """Weigh, draw and back-test. None below 6 points, or where they span less than twice the labels: there is nothing
    to test a law on."""
    if len(points) < LEAST_POINTS or points.labels[-1] < LEAST_SPAN * points.labels[0]:
        return None
    drawn = _drawn(_weighed(points), curves, np.random.default_rng(seed))
    miss, fell = back_test(points), _falls(points)
    return Forecast(
        labels=int(points.labels[-1]),
        points=len(points),
        best=_curve(_middle(drawn, points.labels[-1])),
        drawn=[_curve(row) for row in drawn],
        miss=miss,
        fell=fell,
        passed=miss <= CLOSE and not fell,
    )


def back_test(points: Points) -> float:
    """The mean absolute miss, on the last 30 % of the points, of what those before made likely."""
    known = int(np.ceil(FITTED * len(points)))
    forms = _weighed(points.first(known))
    foretold = (forms.weight * forms.errors) @ _shapes(points.labels[known:])
    return float(np.abs(1 - foretold - points.share[known:]).mean())


def _falls(points: Points) -> bool:
    third = len(points) // 3
    return float(points.share[-third:].mean() - points.share[:third].mean()) < -FALLING


def evaluated(curve: Floats, labels: Floats) -> Floats:
    """a - b * n^(-c) at these numbers of labels; `curve` (3,) or (R, 3). -> (P,) or (R, P)."""
    a, b, c = curve[..., 0:1], curve[..., 1:2], curve[..., 2:3]
    return np.asarray(a - b * labels**-c, np.float64)


@dataclass(frozen=True)
class _Forms:
    """The F forms of the law after the points have spoken: how likely each is, and its errors at FIRST labels."""

    weight: Floats  # (F,) sums to 1
    errors: Floats  # (F,) mean
    spread: Floats  # (F,) standard deviation


def _weighed(points: Points) -> _Forms:
    """Errors are linear in their share at FIRST labels, so each form's likelihood has a closed form: Bayesian linear
    regression on one variable, with what `_doubt` says of the points."""
    shapes, inverse = _shapes(points.labels), np.linalg.inv(_doubt(points))
    pulled = shapes @ inverse
    precision = (pulled * shapes).sum(axis=1) + ERRORS_SPREAD**-2
    towards = pulled @ (1 - points.share) + ERRORS / ERRORS_SPREAD**2
    likelihood = (towards**2 / precision - np.log(precision)) / 2
    weight = np.exp(likelihood - likelihood.max())
    return _Forms(weight / weight.sum(), towards / precision, precision**-0.5)


def _shapes(labels: Floats) -> Floats:
    """The errors at these numbers of labels, as parts of those at FIRST, of each form. -> (F, P)."""
    return np.asarray(LASTS[:, None] + (1 - LASTS[:, None]) * (labels / FIRST) ** -EXPONENTS[:, None], np.float64)


def _doubt(points: Points) -> Floats:
    """How the points' errors vary together. -> (P, P). Those of near models go together: they have seen the same texts,
    are asked about the same audit texts, and are as wrongly sure. What confidence and audit share stays in both."""
    apart = np.abs(np.subtract.outer(np.log(points.labels), np.log(points.labels)))
    near, spread = np.exp(-apart / FADING), np.sqrt(points.variance)
    own = np.outer(spread, spread) * (LASTING + (1 - LASTING) * near)
    return np.asarray(own + ALIKE**2 * near + LEAST_NOISE**2 * np.eye(len(points)), np.float64)


def _drawn(forms: _Forms, times: int, rng: np.random.Generator) -> Floats:
    """A sample of curves (times, 3), evenly over what is likely, so that few will do."""
    even = (np.arange(times) + 0.5) / times
    picked = np.minimum(np.searchsorted(np.cumsum(forms.weight), even), len(forms.weight) - 1)
    errors = forms.errors[picked] + forms.spread[picked] * ndtri(rng.permutation(even))
    errors = np.clip(errors, 0.002, 1.0)
    lasts, c = LASTS[picked], EXPONENTS[picked]
    return np.column_stack([1 - lasts * errors, errors * (1 - lasts) * FIRST**c, c])


def _middle(drawn: Floats, labels: float) -> Floats:
    """The curve that stays nearest to the middle of all, from the labels there are to twice as many. -> (3,)."""
    values = evaluated(drawn, labels * np.linspace(1.0, 2.0, 5))
    return np.asarray(drawn[np.abs(values - np.median(values, axis=0)).sum(axis=1).argmin()], np.float64)


def _curve(row: Floats) -> tuple[float, float, float]:
    return float(row[0]), float(row[1]), float(row[2])
