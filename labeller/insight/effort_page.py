"""What the effort page and its live part show, by who looks at it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from django.utils import timezone

from labeller.annotation.overlap import Overlap
from labeller.corpus.models import Document
from labeller.insight import effort_selectors, selectors
from labeller.insight.anchoring import Anchoring, anchoring_of
from labeller.insight.answers import sets_on
from labeller.insight.bars import Bars, bars
from labeller.insight.cost import Cost, accuracy_gain, accuracy_gain_on, f1_gain, is_one_task, milestones
from labeller.insight.effort import Bins, Day, Ledger, Work, days
from labeller.insight.effort_people import Person, chosen_person, people_of, visible_people
from labeller.insight.effort_selectors import Extent
from labeller.insight.markers import models_on
from labeller.insight.measured_on import ON_THE_AUDIT, Ground, versions_on
from labeller.insight.paired_f1 import macro_f1_gain
from labeller.insight.projection import PACE_DAYS, Finish, Pace, finish, next_target, pace
from labeller.insight.selectors import Estimate, Standing, VersionScore
from labeller.projects.models import Membership, Project
from labeller.projects.selectors import merged_labels

SHOWN_DAYS = 28


@dataclass(frozen=True)
class Asked:
    """What the reader chose in the two small forms; None: nothing."""

    person: int | None = None
    target: int | None = None


@dataclass(frozen=True)
class Target:
    """Where the labelling goes, and when it gets there."""

    labels: int
    missing: int  # answers: a text that three people shall answer is three
    pace: Pace | None
    finish: Finish | None
    work_s: float | None  # left at the seconds per label so far
    texts: int  # of the pool: no more labels than these


@dataclass(frozen=True)
class EffortContext:
    """The page. Of single people only those whom the reader may see."""

    work: Work  # of all
    median_s: float | None  # of all answers
    people: list[Person]
    chosen: Person | None  # whose days are shown; None: everybody's
    days: list[Day]
    bars: Bars
    ground: Ground  # of the costs
    costs: list[Cost]
    target: Target
    anchoring: Anchoring
    marker: str  # changes whenever a figure does

    @property
    def labels_changed(self) -> bool:
        """Between two models of the costs."""
        return any(cost.gain is None for cost in self.costs)


def marker_of(project: Project, ground: Ground = ON_THE_AUDIT) -> str:
    """The page's marker without its figures: what a poll asks first. Two queries; three on a test file."""
    return _marker(effort_selectors.extent(project), selectors.newest_number(project), project, ground)


def effort_of(project: Project, membership: Membership, asked: Asked, ground: Ground = ON_THE_AUDIT) -> EffortContext:
    """Thirteen queries; on a test file four more. Raises PermissionDenied when a person was chosen whom this member
    may not see."""
    versions = versions_on(project, ground)
    extent, middles = effort_selectors.extent(project), effort_selectors.medians(project)
    read_as = merged_labels(project.pk) if ground.test_set else {}
    models = _models(versions, read_as)
    midnights, last_days, taken = _midnights(), _last_days(extent), [_labels_taken(model) for model in models]
    ledger = effort_selectors.ledger(project, Bins.at([*midnights, *last_days, *taken]), middles.by_person)
    people = people_of(ledger, midnights, middles, visible_people(ledger, membership))
    chosen = chosen_person(people, asked.person)
    by_day, work = days(ledger, midnights, None if chosen is None else [chosen.pk]), ledger.of()
    return EffortContext(
        work=work,
        median_s=middles.of_all if work.labels_an_hour is not None else None,
        people=people,
        chosen=chosen,
        days=by_day,
        bars=bars([(day.day, day.work.labels) for day in by_day]),
        ground=ground,
        costs=_costs(models, taken, ledger, _gains(models, ground, read_as, is_multi=project.is_multi)),
        target=_target(project, selectors.standing(project, versions), ledger, last_days, asked.target),
        anchoring=anchoring_of(project),
        marker=_marker(extent, max((version.number for version in versions), default=0), project, ground),
    )


def _marker(extent: Extent, newest: int, project: Project, ground: Ground) -> str:
    """Also of the day: at midnight the bars move on."""
    scores = f"-{models_on(project, ground)}" if ground.test_set else ""
    return f"{extent.marker}-{newest}{scores}-{timezone.localdate():%Y%m%d}"


def _midnights() -> list[datetime]:
    """The starts of the last four weeks' days where the server is, summer time or not."""
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    here = timezone.get_current_timezone()
    return [(today - timedelta(days=back)).replace(tzinfo=here) for back in reversed(range(SHOWN_DAYS))]


def _last_days(extent: Extent) -> list[datetime]:
    """The starts of the last times 24 hours, oldest first; none that ended before the first answer."""
    if extent.first_at is None:
        return []
    now = timezone.now()
    age = (now - extent.first_at) // timedelta(days=1) + 1
    return [now - timedelta(days=back) for back in range(min(PACE_DAYS, age), 0, -1)]


def _labels_taken(version: VersionScore) -> datetime:
    """A full run learns from the labels that were there when it began."""
    return version.created_at - timedelta(seconds=version.duration_s)


def _models(versions: Sequence[VersionScore], read_as: Mapping[int, int]) -> list[VersionScore]:
    """Those whose work is priced. On a test file, where gold and answers are read as labels are now, a merge parts none
    from the one before it."""
    return milestones(
        [
            replace(version, label_ids=frozenset(read_as.get(label, label) for label in version.label_ids))
            for version in versions
        ]
    )


def _costs(
    models: Sequence[VersionScore],
    taken: Sequence[datetime],
    ledger: Ledger,
    gain_of: Callable[[VersionScore, VersionScore], Estimate],
) -> list[Cost]:
    works = [ledger.of(None, ledger.bins.between(*span)) for span in pairwise(taken)]
    return [
        Cost(before, after, work, gain_of(before, after) if is_one_task(before, after) else None)
        for (before, after), work in zip(pairwise(models), works, strict=True)
    ]


def _gains(
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


def _target(
    project: Project, standing: Standing, ledger: Ledger, last_days: Sequence[datetime], asked: int | None
) -> Target:
    labels = asked or next_target(standing.labels)
    missing = max(0, labels - standing.labels) * Overlap.of(project).of_others
    spans = zip(last_days, [*last_days[1:], None], strict=False)
    found = pace([ledger.of(None, ledger.bins.between(*span)).labels for span in spans])
    each = ledger.of().seconds_per_label
    return Target(
        labels=labels,
        missing=missing,
        pace=found,
        finish=finish(missing, found, timezone.localdate()) if found else None,
        work_s=None if each is None else each * missing,
        texts=Document.objects.filter(project=project).count(),
    )
