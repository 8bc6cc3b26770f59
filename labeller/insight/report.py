"""The report: what the results say, for somebody who was not there and has no account."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils import timezone

from labeller import VERSION
from labeller.insight import effort_selectors, selectors
from labeller.insight.advice import Outlook, outlook
from labeller.insight.cost import milestones
from labeller.insight.curve import CurveRow, curve_rows
from labeller.insight.curve_changes import CurveChange, changes_of
from labeller.insight.drawn_curve import Drawing, Metric, drawn_curve
from labeller.insight.effort import Bins, Work
from labeller.insight.effort_people import times_held
from labeller.insight.headline import Headline
from labeller.insight.lines import newest_comparison
from labeller.insight.measured_on import Ground, label_scores_on, measured, on_ground
from labeller.insight.outlook import Reading, reading_of
from labeller.insight.provenance import Provenance, provenance_of
from labeller.insight.saving import saving
from labeller.insight.selectors import LabelScore, Standing, VersionScore
from labeller.insight.sentences import audit_so_far
from labeller.insight.testset_sentences import headline_on
from labeller.projects.models import Membership, Project


@dataclass(frozen=True)
class Report:
    """All of the page; nothing in it leads back to the server."""

    project: Project
    made_at: datetime
    software: str
    headline: Headline
    standing: Standing
    model: VersionScore | None  # the newest in use
    audit_so_far: str
    drawings: list[Drawing]  # the leading figure first
    rows: list[CurveRow]  # the measured models, thinned to those with half as many labels again each, and `model`
    measured: int  # how many there are
    changes: list[CurveChange]  # of labels and guidelines since the first model
    by_label: list[LabelScore]
    saving: str  # what choosing texts has saved; empty before that was compared
    outlook: Outlook | None
    reading: Reading | None  # of the same model
    work: Work
    median_s: float | None  # None also for whom this would give one person's times away
    provenance: Provenance
    ground: Ground  # what its figures were measured on


def report_of(project: Project, membership: Membership, ground: Ground) -> Report:
    """As this member may see it. Figures on this ground; what follows from the audit (saving, forecast, advice, shares)
    always by the audit. A fixed number of queries, whatever the project's size."""
    versions = selectors.versions(project)
    standing = selectors.standing(project, versions)
    number = standing.current.number if standing.current else None
    told = on_ground(versions, ground)
    current = next((version for version in told if version.number == number), None)
    rows = curve_rows(measured(told, ground))
    middles = effort_selectors.medians(project)
    by_label = selectors.label_scores(project, number)
    reading = reading_of(project, standing, by_label)
    ledger = effort_selectors.ledger(project, Bins(()), middles.by_person)
    work, (is_held,) = ledger.of(), times_held(ledger, membership, [ledger.bins.all])
    changes = changes_of(project, versions)
    at = [change.labels for change in changes]
    figures: tuple[Metric, Metric] = ("macro_f1", "accuracy") if project.is_multi else ("accuracy", "macro_f1")
    drawings = [drawing for figure in figures if (drawing := drawn_curve(rows, figure, at)) is not None]
    return Report(
        project=project,
        made_at=timezone.now(),
        software=VERSION,
        headline=headline_on(replace(standing, current=current), ground),
        standing=standing,
        model=current,
        audit_so_far="" if ground.test_set else audit_so_far(standing),
        drawings=drawings,
        rows=curve_rows(_told_of(measured(told, ground), current)),
        changes=changes,
        measured=sum(row.accuracy is not None for row in rows),
        by_label=by_label if ground.test_set is None else label_scores_on(project, number, ground),
        saving=saving(newest_comparison(project)),
        outlook=outlook(reading, None),
        reading=reading,
        work=work,
        median_s=middles.of_all if work.labels_an_hour is not None and not is_held else None,
        provenance=provenance_of(project, number, ground.in_force),
        ground=ground,
    )


def _told_of(versions: Sequence[VersionScore], current: VersionScore | None) -> list[VersionScore]:
    """In the order of the curve. The model that the report is about may have no more labels than one before it: a full
    run and the quick model over it learn from the same."""
    chosen = milestones(versions)
    return [version for version in versions if version in chosen or (version == current and version.has_evidence)]
