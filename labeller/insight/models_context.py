"""What the page of models and its live part show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from labeller.insight import selectors
from labeller.insight.folds import fold_models
from labeller.insight.loop import Loop, loop_of
from labeller.insight.markers import models_marker, models_on
from labeller.insight.measured_on import Ground, on_ground
from labeller.insight.model_order import ModelRow, Order
from labeller.insight.run_views import runs_without_a_model
from labeller.insight.selectors import Standing, VersionScore
from labeller.insight.sentences import in_use
from labeller.learning import deleting
from labeller.learning.models import ModelExport, TrainingRun
from labeller.projects.models import Project


@dataclass(frozen=True)
class ModelsContext:
    """Models with their figures on one ground, and what is at work."""

    ground: Ground
    order: Order
    standing: Standing
    models: list[VersionScore]  # newest first
    shown: list[ModelRow]  # as ordered
    folded: list[ModelRow]  # quick models with too few texts to be measured by
    in_use: str
    loop: Loop
    failed: list[TrainingRun]  # the newest full runs that made no model
    other_work: list[TrainingRun]  # the newest other runs that failed or were stopped
    marker: str  # changes whenever something on the page does

    @property
    def comparable(self) -> list[VersionScore]:
        """Measured on this ground; newest first."""
        return [model for model in self.models if model.n_audit]

    @property
    def size(self) -> int:
        """Bytes that all of them take."""
        return sum(row.size or 0 for row in (*self.shown, *self.folded))

    @property
    def zips(self) -> int:
        """Bytes of these that are zips: a model with one takes about twice as much."""
        ready = (model.export for model in self.models if model.export and not model.is_deleted)
        return sum(export.size for export in ready if export.state == ModelExport.State.DONE)

    @property
    def kept(self) -> int:
        """Models whose files are there."""
        return sum(not model.is_deleted for model in self.models)

    @classmethod
    def of(cls, project: Project, ground: Ground, order: Order) -> ModelsContext:
        """Twelve queries; on a test file two more."""
        marker = marker_of(project, ground)  # first: what changes while the page is built is news
        versions = on_ground(selectors.versions(project, with_zips=True), ground)
        standing, loop = selectors.standing(project, versions), loop_of(project)
        serving = next((version for version in versions if version.is_serving), None)
        models = sorted(versions, key=lambda version: version.number, reverse=True)
        sizes, ended = deleting.sizes(project.pk), runs_without_a_model(project)
        shown, folded = (_rows(part, sizes, order, is_multi=project.is_multi) for part in fold_models(models))
        return cls(
            ground=ground,
            order=order,
            standing=standing,
            models=models,
            shown=shown,
            folded=folded,
            in_use=in_use(standing.current, serving),
            loop=loop,
            failed=[run for run in ended if run.kind == TrainingRun.Kind.FULL],
            other_work=[run for run in ended if run.kind != TrainingRun.Kind.FULL],
            marker=marker,
        )


def marker_of(project: Project, ground: Ground) -> str:
    """What a poll asks first."""
    marker = models_marker(project)
    return marker if ground.test_set is None else f"{marker}_{models_on(project, ground)}"


def _rows(part: Sequence[VersionScore], sizes: dict[int, int], order: Order, *, is_multi: bool) -> list[ModelRow]:
    rows = [ModelRow(score, None if score.is_deleted else sizes.get(score.number, 0)) for score in part]
    return order.sorted(rows, is_multi=is_multi)
