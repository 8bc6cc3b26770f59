"""What a point has cost, of accuracy or, with several labels a text, of macro-F1: the work between two models, by what
the second is better. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from math import sqrt

from labeller.insight.effort import Work
from labeller.insight.selectors import Estimate, VersionScore
from labeller.insight.shares import share

GROWTH = 1.5
"""Labels must have grown by half between two models that are compared: nearer ones differ by chance alone."""
Figures = tuple[Estimate | None, Estimate | None]


def milestones(versions: Sequence[VersionScore]) -> list[VersionScore]:
    """The measured models that were used, from the first on, each with half as many labels again; the newest is the
    last, once it has so many. Where the labels to choose among became others they begin anew, as the forecast's points
    do: models of two tasks are not one curve. About log(labels) of them for each task, however many there are.
    `versions` is in the order of the curve."""
    measured = [version for version in versions if version.has_evidence and version.was_used]
    tasks = (list(those) for _, those in groupby(measured, key=lambda version: version.label_ids))
    return [version for those in tasks for version in _of_one_task(those)]


def _of_one_task(measured: Sequence[VersionScore]) -> list[VersionScore]:
    chosen: list[VersionScore] = []
    for version in measured:
        if not chosen or version.n_labels >= GROWTH * chosen[-1].n_labels:
            chosen.append(version)
    if len(chosen) > 1:
        chosen[-1] = measured[-1]  # the newest in place of one that is nearer to it than that
    return chosen


def is_one_task(before: VersionScore, after: VersionScore) -> bool:
    """Whether both chose among the same labels. If not, what parts their figures is no work's doing."""
    return before.label_ids == after.label_ids


def gain(before: Estimate, after: Estimate, *, phi: float = 0.0) -> Estimate:
    """after - before with a 95 % interval made of theirs (Newcombe 1998, method 10: "square and add"). Without `phi` it
    takes the two as measured on different texts; where they share most, the interval is rather too wide than too
    narrow. `phi`: how far they are right on the same texts (`phi_of`), for two measured on exactly the same."""
    value = after.value - before.value
    low = value - _joined(after.value - after.low, before.high - before.value, phi)
    high = value + _joined(after.high - after.value, before.value - before.low, phi)
    return Estimate(value, low, high)


def _joined(one: float, other: float, phi: float) -> float:
    return sqrt(max(0.0, one**2 - 2 * phi * one * other + other**2))


def phi_of(before: Sequence[bool], after: Sequence[bool]) -> float:
    """Correlation of right and wrong over the same texts, made smaller where it is above 0 by half a text in each cell
    (Newcombe 1998, paired, method 10). 0 where one of the two is always right or never."""
    cells = Counter(zip(before, after, strict=True))
    both, lost, won, neither = (cells[pair] for pair in ((True, True), (True, False), (False, True), (False, False)))
    margins = (both + lost) * (won + neither) * (both + won) * (lost + neither)
    if not margins:
        return 0.0
    apart = both * neither - lost * won
    return (apart if apart < 0 else max(0.0, apart - len(before) / 2)) / sqrt(margins)


@dataclass(frozen=True)
class Cost:
    """The work from one model to the next."""

    before: VersionScore
    after: VersionScore
    work: Work
    gain: Estimate | None  # a share: of accuracy, or of macro-F1; None where labels changed in between
    times_held: bool = False  # of whoever looks: how long the work took is not told

    @property
    def minutes(self) -> float:
        return self.work.seconds / 60

    @property
    def is_certain(self) -> bool:
        """Whether the second model is better beyond chance: else a price would be a price of nothing."""
        return self.gain is not None and self.gain.low > 0

    @property
    def minutes_a_point(self) -> Estimate | None:
        """None while the gain may be chance, or no work was timed, or labels changed."""
        if self.gain is None or not self.is_certain or not self.work.seconds:
            return None
        points = (100 * self.gain.value, 100 * self.gain.high, 100 * self.gain.low)
        return Estimate(*(self.minutes / each for each in points))


def accuracy_gain(before: VersionScore, after: VersionScore) -> Estimate:
    """On different texts. By the figures that lean on the pool where both models have one, as everywhere."""
    return _gain_of((before.tightened, after.tightened), (before.accuracy, after.accuracy))


def accuracy_gain_on(before: Sequence[bool], after: Sequence[bool]) -> Estimate:
    """On the same texts, one or more: whether each has them right."""
    shares = (share(sum(right), len(right)) for right in (before, after))
    return gain(*shares, phi=phi_of(before, after))


def f1_gain(before: VersionScore, after: VersionScore) -> Estimate:
    """Of macro-F1 on different texts. By the figures that lean on the pool where both models have one: the plain ones
    leave open, each by itself, what the labels could be that no text carried, and no difference of two would be
    certain."""
    return _gain_of((before.tightened_f1, after.tightened_f1), (before.macro_f1, after.macro_f1))


def _gain_of(leaning: Figures, plain: Figures) -> Estimate:
    one, other = leaning if all(leaning) else plain
    assert one is not None and other is not None  # milestones are measured
    return gain(one, other)
