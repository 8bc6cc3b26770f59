"""Macro-F1 of two models on the same texts, and their difference, with intervals. Pure Python: a web process loads no
numpy, and texts with the same three answers are counted together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from labeller.insight.comparison import Pair
from labeller.insight.selectors import Estimate

RESAMPLES = 400
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
    both models. Labels that neither people nor the model gave to a resample's texts are left out of its mean."""
    kinds = Counter(
        (frozenset(pair.b.gold), frozenset(pair.a.predicted), frozenset(pair.b.predicted)) for pair in pairs
    )
    drawn, rng = list(kinds.elements()), Random(seed)  # noqa: S311 - resamples, no secret
    resamples = [Counter(rng.choices(drawn, k=len(drawn))) for _ in range(RESAMPLES)]
    a, b = ([_macro_f1(counts, side) for counts in (kinds, *resamples)] for side in (1, 2))
    return PairedF1(_estimate(a), _estimate(b), _estimate([after - before for before, after in zip(a, b, strict=True)]))


def _macro_f1(kinds: Mapping[Kind, int], side: int) -> float:
    hits, occurs = Counter[int](), Counter[int]()
    for kind, count in kinds.items():
        gold, said = kind[0], kind[side]
        _add(hits, gold & said, 2 * count)
        _add(occurs, gold, count)
        _add(occurs, said, count)
    return sum(hits[label] / met for label, met in occurs.items()) / len(occurs) if occurs else 0.0


def _add(into: Counter[int], labels: Iterable[int], count: int) -> None:
    for label in labels:
        into[label] += count


def _estimate(values: Sequence[float]) -> Estimate:
    """The first is that of the texts themselves, the others of resamples."""
    ordered, value = sorted(values[1:]), values[0]
    low, high = ordered[round(0.025 * (RESAMPLES - 1))], ordered[round(0.975 * (RESAMPLES - 1))]
    return Estimate(value, min(value, low), max(value, high))
