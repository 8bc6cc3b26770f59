"""What the effort page and its live part show, by who looks at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from django.utils import timezone

from labeller.annotation.overlap import Overlap
from labeller.corpus.models import Document
from labeller.insight import effort_selectors, selectors
from labeller.insight.anchoring import Anchoring, anchoring_of
from labeller.insight.answers import right_on, sets_on
from labeller.insight.bars import Bars, bars
from labeller.insight.cost import Cost, accuracy_gain, f1_gain, milestones, phi_of
from labeller.insight.effort import Bins, Day, Ledger, Work, days
from labeller.insight.effort_people import Person, chosen_person, people_of, visible_people
from labeller.insight.effort_selectors import Extent
from labeller.insight.markers import models_on
from labeller.insight.measured_on import ON_THE_AUDIT, Ground, versions_on
from labeller.insight.paired_f1 import macro_f1_gain
from labeller.insight.projection import PACE_DAYS, Finish, Pace, finish, next_target, pace
from labeller.insight.selectors import Estimate, Standing, VersionScore
from labeller.projects.models import Membership, Project

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


def marker_of(project: Project, ground: Ground = ON_THE_AUDIT) -> str:
    """The page's marker without its figures: what a poll asks first. Two queries; three on a test file."""
    return _marker(effort_selectors.extent(project), selectors.newest_number(project), project, ground)


def effort_of(project: Project, membership: Membership, asked: Asked, ground: Ground = ON_THE_AUDIT) -> EffortContext:
    """Thirteen queries; on a test file three more. Raises PermissionDenied when a person was chosen whom this member
    may not see."""
    versions = versions_on(project, ground)
    extent, middles = effort_selectors.extent(project), effort_selectors.medians(project)
    models = milestones(versions)
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
        costs=_costs(models, taken, ledger, ground, is_multi=project.is_multi),
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


def _costs(
    models: Sequence[VersionScore], taken: Sequence[datetime], ledger: Ledger, ground: Ground, *, is_multi: bool
) -> list[Cost]:
    """One query on a test file: all its models answered the same texts."""
    gains = _gains_of_f1(models, ground) if is_multi else _gains_of_accuracy(models, ground)
    works = [ledger.of(None, ledger.bins.between(*span)) for span in pairwise(taken)]
    return [Cost(*pair, work, gain) for pair, work, gain in zip(pairwise(models), works, gains, strict=True)]


def _gains_of_accuracy(models: Sequence[VersionScore], ground: Ground) -> list[Estimate]:
    if ground.test_set is None:
        return [accuracy_gain(*pair) for pair in pairwise(models)]
    right = right_on(ground.test_set, [model.number for model in models])
    return [
        accuracy_gain(before, after, phi=phi_of(right[before.number], right[after.number]))
        for before, after in pairwise(models)
    ]


def _gains_of_f1(models: Sequence[VersionScore], ground: Ground) -> list[Estimate]:
    if ground.test_set is None:
        return [f1_gain(*pair) for pair in pairwise(models)]
    sets = sets_on(ground.test_set, [model.number for model in models])
    return [
        macro_f1_gain((gold, said, later) for (_, said), (gold, later) in zip(sets[one], sets[other], strict=True))
        for one, other in pairwise(model.number for model in models)
    ]


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
