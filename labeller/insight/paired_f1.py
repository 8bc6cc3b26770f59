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
FEWEST_APART = 6
"""Texts on which two models must differ: with five, all for the one, a sign test's p is 1/16."""
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
    MOST_RESAMPLED texts they are those of the infinitesimal jackknife (Jaeckel 1972); that of the difference is never
    narrower than if each text's two answers were the models' by chance alone (a sign-flip test's, Fisher 1935)."""
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
    gain = _estimate([after - before for before, after in zip(a, b, strict=True)])
    return PairedF1(_estimate(a), _estimate(b), _open_to_chance(gain, kinds))


def _by_influence(kinds: Mapping[Kind, int]) -> PairedF1:
    values, slopes = zip(*(_slopes(kinds, side) for side in (1, 2)), strict=True)
    gains = {kind: slopes[1][kind] - slopes[0][kind] for kind in kinds}
    a, b = (_spread(value, _half(each, kinds)) for value, each in zip(values, slopes, strict=True))
    # A text on a label that is met once moves nothing by its slope: F1 is 0 or 1 there, whatever one adds.
    half = max(_half(gains, kinds), _half(_swaps(kinds), kinds))
    return PairedF1(_as_share(a), _as_share(b), _open_to_chance(_spread(values[1] - values[0], half), kinds))


def _open_to_chance(gain: Estimate, kinds: Mapping[Kind, int]) -> Estimate:
    """With 0 in it where the models differ on too few texts to be told apart by any sign test."""
    if sum(count for (_gold, a, b), count in kinds.items() if a != b) >= FEWEST_APART:
        return gain
    return Estimate(gain.value, min(0.0, gain.low), max(0.0, gain.high))


def _swaps(kinds: Mapping[Kind, int]) -> dict[Kind, float]:
    """By kind half of what the gain loses when the two models' answers to one such text are swapped."""
    sides = [_counts(kinds, side) for side in (1, 2)]
    labels = [max(1, len(occurs)) for _hits, occurs in sides]
    return {kind: _swap(kind, sides, labels) if kind[1] != kind[2] else 0.0 for kind in kinds}


def _swap(kind: Kind, sides: Sequence[tuple[Counter[int], Counter[int]]], labels: Sequence[int]) -> float:
    gold, *said = kind
    moved = 0.0
    for label in said[0] ^ said[1]:
        for at, (hits, occurs) in enumerate(sides):
            gets = (label in said[1 - at]) - (label in said[at])  # 1: this model gets the label, -1: it gives it away
            before, after = occurs[label], occurs[label] + gets
            f1 = hits[label] / before if before else 0.0
            swapped = (hits[label] + 2 * gets * (label in gold)) / after if after else 0.0
            moved += (f1 - swapped) / labels[at] * (1 if at else -1)
    return moved / 2


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
        return sum(moved) / len(f1) if f1 else 0.0

    return sum(f1.values()) / len(f1) if f1 else 0.0, {kind: slope(kind) for kind in kinds}


def _half(slopes: Mapping[Kind, float], kinds: Mapping[Kind, int]) -> float:
    return Z * sqrt(sum(count * slopes[kind] ** 2 for kind, count in kinds.items()))


def _spread(value: float, half: float) -> Estimate:
    return Estimate(value, max(-1.0, value - half), min(1.0, value + half))


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
