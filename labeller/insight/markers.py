"""What a page compares to know whether it is still new: a few numbers that change with its figures. A poll asks for
these first, and builds the page only when they have changed."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Count, Max, OuterRef, Q, Subquery

from labeller.annotation.models import Annotation
from labeller.corpus.models import Document
from labeller.corpus.testset import TestSet
from labeller.insight.loop import loop_of
from labeller.insight.measured_on import Ground
from labeller.insight.selectors import label_counts
from labeller.learning.agreement import AgreementReading
from labeller.learning.measures import OrderComparison
from labeller.learning.models import LoopState, ModelExport, ModelVersion, TrainingRun
from labeller.learning.testscores import TestScore
from labeller.projects.models import Project


def results_marker(project: Project, ground: Ground) -> str:
    """Of the curve's page: labels, models, what serves, the guidelines' version, and beside them the newest text, how
    far people agree and the comparison of orders, or on a test file what it has measured. Five queries."""
    told = f"{_labels(project)}_{models_of(project)}_{project.guidelines_number}"
    if ground.test_set is not None:
        return f"{told}_{_scores(ground.test_set)}"
    newest = (
        Subquery(kept.objects.filter(project=OuterRef("pk")).order_by("-pk").values("pk")[:1])
        for kept in (OrderComparison, AgreementReading, Document)
    )
    return f"{told}_{_joined(Project.objects.filter(pk=project.pk).values_list(*newest).get())}"


def models_marker(project: Project) -> str:
    """Of the page of models: also zips, what the loop is about to do, and runs that made no model. Seven queries, nine
    while an earlier model is to serve again."""
    states = {state.value: Count("pk", filter=Q(state=state)) for state in ModelExport.State}
    zips = ModelExport.objects.filter(version__project=project).aggregate(newest=Max("pk"), **states)
    ended = TrainingRun.objects.filter(project=project, state__in=("failed", "cancelled")).aggregate(newest=Max("pk"))
    return f"{_labels(project)}_{models_of(project)}_{_joined(zips.values())}_{loop_of(project).mark}_{ended['newest']}"


def models_of(project: Project) -> str:
    """Models, and which of them serves: what pages of frozen figures follow. Two queries."""
    made = ModelVersion.objects.filter(project=project).aggregate(newest=Max("number"), deleted=Count("deleted_at"))
    loop = LoopState.objects.filter(project=project).values_list("serving", "pinned", "returning").first() or ()
    return _joined([*made.values(), *loop])


def models_on(project: Project, ground: Ground) -> str:
    """The same where figures may stand on a test file: these are new when it has measured a model. Two queries."""
    return models_of(project) if ground.test_set is None else _scores(ground.test_set)


def _scores(test_set: TestSet) -> str:
    found = TestScore.objects.filter(test_set=test_set).aggregate(newest=Max("pk"), scores=Count("pk"))
    return _joined([test_set.pk, *found.values()])


def _labels(project: Project) -> str:
    """Also of answers that were changed: these leave all counts as they were. Two queries."""
    said = Annotation.objects.filter(project=project).aggregate(newest=Max("pk"), replaced=Count("superseded_at"))
    return _joined([*label_counts(project).values(), *said.values()])


def _joined(numbers: Iterable[int | None]) -> str:
    return "-".join(str(int(number or 0)) for number in numbers)
