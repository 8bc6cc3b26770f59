"""Macro-F1 of two models on the same texts, and their difference, with intervals. Pure Python: a web process loads no
numpy, and texts with the same three answers are counted together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from random import Random

from labeller.insight.comparison import Pair
from labeller.insight.selectors import Estimate
from labeller.proportions import Z

RESAMPLES = 400
MOST_RESAMPLED = 200
"""Texts up to which texts are drawn again; above, influences give the same interval without the seconds of it."""
Kind = tuple[frozenset[int], frozenset[int], frozenset[int]]  # what people, model a and model b said


@dataclass(frozen=True)
class PairedF1:
    a: Estimate
    b: Estimate
    gain: Estimate  # of b over a

    @property
    def is_certain(self) -> bool:
        """Whether the difference is beyond chance."""
        return self.gain.low > 0 or self.gain.high < 0


def paired_macro_f1(pairs: Sequence[Pair], *, seed: int = 0) -> PairedF1:
    """Of one pair or more. The intervals are a percentile bootstrap over the texts (Efron 1979); each resample judges
    both models. Labels that neither people nor the model gave to a resample's texts are left out of its mean. Above
    MOST_RESAMPLED texts they are those of the infinitesimal jackknife (Jaeckel 1972)."""
    kinds = Counter(
        (frozenset(pair.b.gold), frozenset(pair.a.predicted), frozenset(pair.b.predicted)) for pair in pairs
    )
    return _by_influence(kinds) if len(pairs) > MOST_RESAMPLED else _by_resampling(kinds, seed)


def macro_f1_gain(texts: Iterable[Kind]) -> Estimate:
    """The difference alone, of one text or more, by influences however few they are: quick enough for many pairs."""
    return _by_influence(Counter(texts)).gain


def _by_resampling(kinds: Counter[Kind], seed: int) -> PairedF1:
    drawn, rng = list(kinds.elements()), Random(seed)  # noqa: S311 - resamples, no secret
    resamples = [Counter(rng.choices(drawn, k=len(drawn))) for _ in range(RESAMPLES)]
    a, b = ([_macro_f1(counts, side) for counts in (kinds, *resamples)] for side in (1, 2))
    return PairedF1(_estimate(a), _estimate(b), _estimate([after - before for before, after in zip(a, b, strict=True)]))


def _by_influence(kinds: Mapping[Kind, int]) -> PairedF1:
    values, slopes = zip(*(_slopes(kinds, side) for side in (1, 2)), strict=True)
    gains = {kind: slopes[1][kind] - slopes[0][kind] for kind in kinds}
    a, b = (_spread(value, each, kinds) for value, each in zip(values, slopes, strict=True))
    return PairedF1(_as_share(a), _as_share(b), _spread(values[1] - values[0], gains, kinds))


def _slopes(kinds: Mapping[Kind, int], side: int) -> tuple[float, dict[Kind, float]]:
    """(Macro-F1, by how much one more text of each kind would move it: its influence, to be summed in squares)."""
    hits, occurs = _counts(kinds, side)
    f1 = {label: hits[label] / met for label, met in occurs.items()}

    def slope(kind: Kind) -> float:
        gold, said = kind[0], kind[side]
        moved = (
            (2 * (label in gold and label in said) - f1[label] * ((label in gold) + (label in said))) / occurs[label]
            for label in gold | said
        )
        return sum(moved) / len(f1)

    return sum(f1.values()) / len(f1) if f1 else 0.0, {kind: slope(kind) for kind in kinds}


def _spread(value: float, slopes: Mapping[Kind, float], kinds: Mapping[Kind, int]) -> Estimate:
    half = Z * sqrt(sum(count * slopes[kind] ** 2 for kind, count in kinds.items()))
    return Estimate(value, value - half, value + half)


def _as_share(found: Estimate) -> Estimate:
    return Estimate(found.value, max(0.0, found.low), min(1.0, found.high))


def _macro_f1(kinds: Mapping[Kind, int], side: int) -> float:
    hits, occurs = _counts(kinds, side)
    return sum(hits[label] / met for label, met in occurs.items()) / len(occurs) if occurs else 0.0


def _counts(kinds: Mapping[Kind, int], side: int) -> tuple[Counter[int], Counter[int]]:
    """By label: twice the texts on which people and model agree about it, and how often either gave it."""
    hits, occurs = Counter[int](), Counter[int]()
    for kind, count in kinds.items():
        gold, said = kind[0], kind[side]
        _add(hits, gold & said, 2 * count)
        _add(occurs, gold, count)
        _add(occurs, said, count)
    return hits, occurs


def _add(into: Counter[int], labels: Iterable[int], count: int) -> None:
    for label in labels:
        into[label] += count


def _estimate(values: Sequence[float]) -> Estimate:
    """The first is that of the texts themselves, the others of resamples."""
    ordered, value = sorted(values[1:]), values[0]
    low, high = ordered[round(0.025 * (RESAMPLES - 1))], ordered[round(0.975 * (RESAMPLES - 1))]
    return Estimate(value, min(value, low), max(value, high))
