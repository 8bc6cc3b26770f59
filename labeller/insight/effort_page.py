"""What the effort page and its live part show, by who looks at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from labeller.annotation.overlap import Overlap
from labeller.corpus.models import Document
from labeller.insight import effort_selectors, selectors
from labeller.insight.anchoring import Anchoring, anchoring_of
from labeller.insight.bars import Bars, bars
from labeller.insight.cost import Cost
from labeller.insight.effort import Bins, Day, Ledger, Work, days
from labeller.insight.effort_people import Person, chosen_person, people_of, times_held, visible_people
from labeller.insight.effort_selectors import Extent
from labeller.insight.markers import models_on
from labeller.insight.measured_on import ON_THE_AUDIT, Ground, versions_on
from labeller.insight.prices import costs_of, gains_on, priced_models
from labeller.insight.projection import PACE_DAYS, Finish, Pace, finish, next_target, pace
from labeller.insight.selectors import Standing, VersionScore
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
    times_held: bool  # those of all: they would give one person's away to this member
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

    @property
    def holds_days(self) -> bool:
        return any(day.times_held for day in self.days)

    @property
    def holds_costs(self) -> bool:
        return any(cost.times_held for cost in self.costs)


def marker_of(project: Project, ground: Ground = ON_THE_AUDIT) -> str:
    """The page's marker without its figures: what a poll asks first. Two queries; three on a test file."""
    return _marker(effort_selectors.extent(project), selectors.newest_number(project), project, ground)


def effort_of(project: Project, membership: Membership, asked: Asked, ground: Ground = ON_THE_AUDIT) -> EffortContext:
    """Thirteen queries; on a test file four more. Raises PermissionDenied when a person was chosen whom this member
    may not see."""
    versions = versions_on(project, ground)
    extent, middles = effort_selectors.extent(project), effort_selectors.medians(project)
    read_as = merged_labels(project.pk) if ground.test_set else {}
    models = priced_models(versions, read_as)
    midnights, last_days, taken = _midnights(), _last_days(extent), [_labels_taken(model) for model in models]
    ledger = effort_selectors.ledger(project, Bins.at([*midnights, *last_days, *taken]), middles.by_person)
    people = people_of(ledger, midnights, middles, visible_people(ledger, membership))
    chosen = chosen_person(people, asked.person)
    by_day, work = _days(ledger, midnights, chosen, membership), ledger.of()
    (is_held,) = times_held(ledger, membership, [ledger.bins.all])
    gains = gains_on(models, ground, read_as, is_multi=project.is_multi)
    return EffortContext(
        work=work.untimed() if is_held else work,
        times_held=is_held,
        median_s=middles.of_all if work.labels_an_hour is not None and not is_held else None,
        people=people,
        chosen=chosen,
        days=by_day,
        bars=bars([(day.day, day.work.labels) for day in by_day]),
        ground=ground,
        costs=costs_of(models, taken, ledger, membership, gains),
        target=_target(project, selectors.standing(project, versions), ledger, last_days, asked.target, is_held),
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


def _days(ledger: Ledger, midnights: Sequence[datetime], chosen: Person | None, membership: Membership) -> list[Day]:
    """One person's, or everybody's without times that this member is not told."""
    if chosen is not None:
        return days(ledger, midnights, [chosen.pk])
    rows = days(ledger, midnights)
    spans = [ledger.bins.between(start, end) for start, end in zip(midnights, [*midnights[1:], None], strict=True)]
    held = times_held(ledger, membership, spans)[len(spans) - len(rows) :]
    return [
        Day(row.day, row.work.untimed(), times_held=True) if is_held else row
        for row, is_held in zip(rows, held, strict=True)
    ]


def _target(
    project: Project,
    standing: Standing,
    ledger: Ledger,
    last_days: Sequence[datetime],
    asked: int | None,
    is_held: bool,
) -> Target:
    labels = asked or next_target(standing.labels)
    missing = max(0, labels - standing.labels) * Overlap.of(project).of_others
    spans = zip(last_days, [*last_days[1:], None], strict=False)
    found = pace([ledger.of(None, ledger.bins.between(*span)).labels for span in spans])
    each = None if is_held else ledger.of().seconds_per_label
    return Target(
        labels=labels,
        missing=missing,
        pace=found,
        finish=finish(missing, found, timezone.localdate()) if found else None,
        work_s=None if each is None else each * missing,
        texts=Document.objects.filter(project=project).count(),
    )
