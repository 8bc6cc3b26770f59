"""Which models' work the effort page prices, and what each was better by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

from labeller.insight.answers import sets_on
from labeller.insight.cost import Cost, accuracy_gain, accuracy_gain_on, f1_gain, is_one_task, milestones
from labeller.insight.effort import Ledger
from labeller.insight.effort_people import times_held
from labeller.insight.measured_on import Ground
from labeller.insight.paired_f1 import macro_f1_gain
from labeller.insight.selectors import Estimate, VersionScore
from labeller.projects.models import Membership


def priced_models(versions: Sequence[VersionScore], read_as: Mapping[int, int]) -> list[VersionScore]:
    """Those whose work is priced. On a test file, where gold and answers are read as labels are now, a merge parts none
    from the one before it."""
    return milestones(
        [
            replace(version, label_ids=frozenset(read_as.get(label, label) for label in version.label_ids))
            for version in versions
        ]
    )


def costs_of(
    models: Sequence[VersionScore],
    taken: Sequence[datetime],
    ledger: Ledger,
    membership: Membership,
    gain_of: Callable[[VersionScore, VersionScore], Estimate],
) -> list[Cost]:
    """The work from each model to the next, by when each took its labels (`taken`). Without times that this member is
    not told."""
    spans = [ledger.bins.between(*span) for span in pairwise(taken)]
    return [
        Cost(
            before,
            after,
            ledger.of(None, span).untimed() if is_held else ledger.of(None, span),
            gain_of(before, after) if is_one_task(before, after) else None,
            times_held=is_held,
        )
        for (before, after), span, is_held in zip(
            pairwise(models), spans, times_held(ledger, membership, spans), strict=True
        )
    ]


def gains_on(
    models: Sequence[VersionScore], ground: Ground, read_as: Mapping[int, int], *, is_multi: bool
) -> Callable[[VersionScore, VersionScore], Estimate]:
    """What the second of two models is better by. One query on a test file: all its models answered the same texts."""
    if ground.test_set is None:
        return f1_gain if is_multi else accuracy_gain
    sets = sets_on(ground.test_set, [model.number for model in models], read_as)

    def on_the_same_texts(before: VersionScore, after: VersionScore) -> Estimate:
        one, other = sets[before.number], sets[after.number]
        if is_multi:
            return macro_f1_gain((gold, said, later) for (_, said), (gold, later) in zip(one, other, strict=True))
        return accuracy_gain_on(*([gold == said for gold, said in those] for those in (one, other)))

    return on_the_same_texts
