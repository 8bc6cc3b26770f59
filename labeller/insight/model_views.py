"""The page of models, one model's own page, and two models compared. All read only, for every member."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from labeller.insight import asked, selectors
from labeller.insight.answers import answers_of, version_of
from labeller.insight.comparison import Comparison, Pair, compare
from labeller.insight.loop import Loop, loop_of
from labeller.insight.loss_chart import loss_points
from labeller.insight.markers import models_marker, models_of
from labeller.insight.measured_on import on_test_file
from labeller.insight.paired_f1 import paired_macro_f1
from labeller.insight.run_views import loss_picture, runs_without_a_model
from labeller.insight.selectors import Standing, VersionScore
from labeller.insight.sentences import in_use, state_of
from labeller.insight.snapshot import snapshot_csv
from labeller.insight.texts import read_texts
from labeller.learning.models import ModelVersion, TrainingRun, VersionSnapshot
from labeller.projects.access import Access, answers_project_for, project_for
from labeller.projects.models import Label, Project
from labeller.projects.selectors import merged_labels

SHOWN = 50  # changed texts each way


@dataclass(frozen=True)
class ModelsContext:
    """What the page of models and its live part show."""

    standing: Standing
    models: list[VersionScore]  # newest first
    in_use: str
    loop: Loop
    failed: list[TrainingRun]  # the newest runs that made no model
    marker: str  # changes whenever something on the page does

    @property
    def may_compare(self) -> bool:
        return sum(model.n_audit > 0 for model in self.models) > 1

    @classmethod
    def of(cls, project: Project) -> ModelsContext:
        marker = models_marker(project)  # first: what changes while the page is built is news
        versions = selectors.versions(project, with_zips=True)
        standing, loop = selectors.standing(project, versions), loop_of(project)
        serving = next((version for version in versions if version.is_serving), None)
        failed = list(runs_without_a_model(project))
        return cls(
            standing=standing,
            models=sorted(versions, key=lambda version: version.number, reverse=True),
            in_use=in_use(standing.current, serving),
            loop=loop,
            failed=failed,
            marker=marker,
        )


@require_GET
def models(request: HttpRequest, slug: str) -> HttpResponse:
    access = project_for(request, slug)
    return render(request, "insight/models.html", _frame(access) | {"models": ModelsContext.of(access.project)})


@require_GET
def live(request: HttpRequest, slug: str) -> HttpResponse:
    """204 while nothing has changed, so that what somebody is reading stays untouched."""
    access = project_for(request, slug)
    if request.GET.get("seen") == models_marker(access.project):
        return HttpResponse(status=204)
    context = ModelsContext.of(access.project)
    return render(request, "insight/_models.html", _frame(access) | {"models": context})


@require_GET
def model(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """One model: what it is, what it learnt from, how its run went, and what can be done with it."""
    access = project_for(request, slug)
    models = ModelsContext.of(access.project)
    rows = ModelVersion.objects.select_related("run", "base").defer("metrics")
    version = get_object_or_404(rows, project=access.project, number=number)
    score = next(score for score in models.models if score.number == number)
    log = version.run.log if version.run else []
    snapshot = VersionSnapshot.objects.filter(version=version).first()
    context = _frame(access) | {
        "newer": models_of(access.project),
        "models": models,
        "version": version,
        "model": score,
        "on_test": on_test_file(access.project, score),
        "state": state_of(score, models.loop),
        "others": [other for other in models.models if other.number != number and other.n_audit],
        "settings": {name: value for name, value in version.settings.items() if name not in TOLD_ELSEWHERE},
        "label_counts": version.settings.get("label_counts", {}),
        "snapshot": snapshot,
        "losses": loss_points(log),
    }
    return render(request, "insight/model.html", context)


@require_GET
def loss(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """The specification of the loss curve."""
    access = project_for(request, slug)
    version = get_object_or_404(ModelVersion.objects.select_related("run"), project=access.project, number=number)
    return loss_picture(
        loss_points(version.run.log if version.run else []),
        request,
        title=f"{access.project.name}: loss of the run that made model {number}",
    )


@require_GET
def snapshot(request: HttpRequest, slug: str, number: int) -> HttpResponseBase:
    """The answers it learnt from, as CSV. Not for annotators."""
    access = answers_project_for(request, slug)
    rows = ModelVersion.objects.select_related("snapshot").exclude(snapshot=None)
    version = get_object_or_404(rows, project=access.project, number=number)
    name = f"{slug}-model-{number}-answers.csv"
    return StreamingHttpResponse(
        snapshot_csv(version),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@require_GET
def compared(request: HttpRequest, slug: str) -> HttpResponse:
    """Two models on the audit texts that both were measured on."""
    access = project_for(request, slug)
    newer = models_of(access.project)
    a, b = (_version(access.project, request.GET.get(key)) for key in ("a", "b"))
    found = compare(answers_of(a), answers_of(b), merged_labels(access.project.pk))
    labels = list(Label.everything.filter(project=access.project))
    context = _frame(access) | {"newer": newer, "a": a, "b": b, "found": found} | _changed(found, labels)
    if access.project.is_multi and found.n:
        context["f1"] = paired_macro_f1(found.pairs)
    return render(request, "insight/compare.html", context)


TOLD_ELSEWHERE = ("promotion", "label_counts", "stage", "why", "head", "pool")


def _frame(access: Access) -> dict[str, Any]:
    return {
        "project": access.project,
        "membership": access.membership,
        "section": "results",
        "part": "models",
    }


def _version(project: Project, asked_for: str | None) -> ModelVersion:
    version = version_of(project, asked.number(asked_for))
    if version is None:
        raise Http404("Choose two models of this project.")
    return version


def _changed(found: Comparison, labels: list[Label]) -> dict[str, Any]:
    """The first changed texts each way, with what the other model had said. Two queries."""

    def rows(pairs: list[Pair]) -> list[Any]:
        shown = pairs[:SHOWN]
        before, after = (read_texts([getattr(pair, side) for pair in shown], labels) for side in ("a", "b"))
        return list(zip(before, after, strict=True))

    return {"better": rows(found.better), "worse": rows(found.worse), "shown": SHOWN}
