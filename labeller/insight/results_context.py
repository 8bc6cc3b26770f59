"""What the results page and its live part show, on the audit texts or on the test file."""

from __future__ import annotations

from dataclasses import dataclass

from labeller.corpus.testset import TestSet
from labeller.insight import outlook, selectors
from labeller.insight.advice import Outlook
from labeller.insight.advice import outlook as outlook_in_words
from labeller.insight.ceiling import ceiling_mark, people_rows
from labeller.insight.curve import CurveRow, curve_rows
from labeller.insight.curve_changes import CurveChange, changes_of
from labeller.insight.headline import Headline
from labeller.insight.lines import newest_comparison
from labeller.insight.markers import results_marker
from labeller.insight.measured_on import Ground, label_scores_on, measured, unmeasured, versions_on
from labeller.insight.outlook import Law, Reading
from labeller.insight.saving import saving
from labeller.insight.selectors import LabelScore, Standing
from labeller.insight.sentences import audit_so_far
from labeller.insight.testset_sentences import headline_on
from labeller.projects.models import Project


@dataclass(frozen=True)
class ResultsContext:
    """What the page and its live part show; both are filled from this one."""

    standing: Standing
    headline: Headline
    audit_so_far: str
    rows: list[CurveRow]  # in the order of the curve
    by_label: list[LabelScore]  # of the model in use
    marker: str  # changes whenever a figure on the page does
    reading: Reading | None  # of the model in use
    outlook: Outlook | None
    figures: str  # changes whenever a picture of the curve may
    ground: Ground  # what the figures were measured on; forecast, advice and shares stand on the audit alone
    unmeasured: int  # models that the test file could still measure
    saving: str  # what choosing texts has saved; empty before that was compared
    changes: list[CurveChange]  # of labels and guidelines since the first model
    ceiling: CurveRow | None = None  # how high people get; not on a test file

    @property
    def points(self) -> int:
        return sum(row.accuracy is not None for row in self.rows)

    @property
    def has_plain(self) -> bool:
        """Whether plain figures stand beside leading ones."""
        return any(row.plain_accuracy or row.plain_f1 for row in self.rows)

    @property
    def law(self) -> Law | None:
        """The forecast's, where it may be shown."""
        if self.reading is None or self.reading.is_outgrown:
            return None
        return self.reading.law if self.reading.law and self.reading.law.passed else None

    @classmethod
    def of(cls, project: Project, ground: Ground, target: int | None = None) -> ResultsContext:
        """`target`: the accuracy somebody wants, in per cent."""
        if ground.test_set is not None:
            return cls._on_a_test_file(project, ground, ground.test_set)
        marker = results_marker(project, ground)  # first: what changes while the page is built is news
        versions = selectors.versions(project)
        standing = selectors.standing(project, versions)
        by_label = selectors.label_scores(project, standing.current.number if standing.current else None)
        reading = outlook.reading_of(project, standing, by_label)
        comparison = newest_comparison(project)
        current = standing.current.number if standing.current else 0  # its forecast is drawn
        ceiling = next(iter(people_rows(project)), None)
        compared = comparison.pk if comparison else 0
        # Running scores come with versions.
        figures = f"{standing.newest}.{current}.{compared}.{ceiling_mark(ceiling)}.{project.guidelines_number}"
        return cls(
            standing=standing,
            headline=headline_on(standing, ground),
            audit_so_far=audit_so_far(standing),
            rows=curve_rows(versions),
            by_label=by_label,
            marker=marker,
            reading=reading,
            outlook=outlook_in_words(reading, target),
            figures=figures,
            ground=ground,
            unmeasured=0,
            saving=saving(comparison),
            ceiling=ceiling,
            changes=changes_of(project, versions),
        )

    @classmethod
    def _on_a_test_file(cls, project: Project, ground: Ground, test_set: TestSet) -> ResultsContext:
        marker = results_marker(project, ground)
        versions = versions_on(project, ground)
        standing = selectors.standing(project, versions)
        rows, number = curve_rows(measured(versions, ground)), standing.current.number if standing.current else None
        figures = f"{test_set.pk}.{len(rows)}.{standing.newest}.{number}.{project.guidelines_number}"
        return cls(
            standing=standing,
            headline=headline_on(standing, ground),
            audit_so_far="",
            rows=rows,
            by_label=label_scores_on(project, number, ground),
            marker=marker,
            reading=None,
            outlook=None,
            figures=figures,
            ground=ground,
            unmeasured=unmeasured(versions),
            saving="",
            changes=changes_of(project, versions),
        )
