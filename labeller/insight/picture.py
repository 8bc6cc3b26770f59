"""Which picture of the curve was asked for, and the rows it draws: the chart and the page of its numbers agree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.http import QueryDict
from django.utils.translation import gettext as _

from labeller.insight.charts import METRICS, Metric
from labeller.insight.curve import CurveRow, curve_rows, plain_rows, with_label
from labeller.insight.label_curves import label_figures
from labeller.insight.lines import NAMES, PLAIN_LINE, line_rows
from labeller.insight.measured_on import ON_THE_AUDIT, Ground, ground_of, measured
from labeller.insight.selectors import VersionScore
from labeller.projects.models import Label, Project


class PictureRefused(ValueError):
    """No such picture; the sentence says which there are."""


@dataclass(frozen=True)
class Picture:
    """A figure, of all labels or of one, and the lines beside the models."""

    metric: Metric
    label: Label | None = None  # of the metric "label_f1"
    lines: tuple[str, ...] = ()  # keys of lines.NAMES; none beside a single label, nor on a test file
    ground: Ground = ON_THE_AUDIT

    @property
    def name(self) -> str:
        return _("F1 of %(label)s") % {"label": self.label.name} if self.label else str(METRICS[self.metric])

    def title(self, project: Project) -> str:
        """Of the picture as it is saved."""
        return _("%(project)s: %(figure)s on texts %(place)s, against number of labels") % {
            "project": project.name, "figure": self.name, "place": self.ground.place,
        }  # fmt: skip


def leading_metric(project: Project) -> Metric:
    """What is told first. Where most texts carry no label, giving none at all is exactly right on most of them: with
    several labels a text accuracy flatters, and macro-F1 leads."""
    return "macro_f1" if project.is_multi else "accuracy"


def metrics_of(project: Project) -> dict[str, str]:
    """The figures of all labels together, the leading one first. With one label a text micro-F1 is the accuracy."""
    leading = leading_metric(project)
    left_out = (leading, "label_f1") if project.is_multi else (leading, "label_f1", "micro_f1")
    rest = [key for key in METRICS if key not in left_out]
    return {key: str(METRICS[key]) for key in (leading, *rest)}


def picture_of(project: Project, query: QueryDict) -> Picture:
    """Raises PictureRefused for a figure, a label or a line that there is not, Http404 as `ground_of` does."""
    ground = ground_of(project, query)
    metric = query.get("metric") or leading_metric(project)
    if metric not in METRICS:
        raise PictureRefused(
            _("No curve of %(asked)r; known: %(known)s.") % {"asked": metric[:40], "known": ", ".join(METRICS)}
        )
    lines = tuple(key for key in NAMES if key in query.getlist("line"))
    if unknown := [key for key in query.getlist("line") if key not in NAMES]:
        raise PictureRefused(
            _("No line %(asked)r; known: %(known)s.") % {"asked": unknown[0][:40], "known": ", ".join(NAMES)}
        )
    if metric != "label_f1":
        # Lines are measured on audit texts: beside figures of other texts they would compare what cannot be compared.
        return Picture(metric, lines=() if ground.test_set else lines, ground=ground)
    asked = query.get("label", "")
    label = (
        Label.objects.filter(project=project, pk=int(asked)).first() if asked.isdecimal() and len(asked) < 19 else None
    )
    if label is None:
        raise PictureRefused(_("The F1 of one label needs a label of this project."))
    return Picture(metric, label, ground=ground)  # no lines: their texts are too few to tell of one label


def picture_rows(project: Project, picture: Picture, versions: Iterable[VersionScore]) -> list[CurveRow]:
    """The versions on the picture's ground, then the lines."""
    rows = curve_rows(measured(versions, picture.ground))
    if picture.label is not None:
        rows = with_label(rows, label_figures(project, picture.ground), picture.label.pk)
    plain = plain_rows(rows) if PLAIN_LINE in picture.lines else []
    beside = [row for key in picture.lines if key != PLAIN_LINE for row in line_rows(project, key)]
    return [*rows, *plain, *beside]
