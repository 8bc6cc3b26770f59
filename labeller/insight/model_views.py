"""The page of models and one model's own page. All read only, for every member."""

from __future__ import annotations

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from labeller.corpus.testset import set_in_force
from labeller.insight import asked
from labeller.insight.loss_chart import loss_points
from labeller.insight.markers import models_of
from labeller.insight.measured_on import AUDIT, ON_THE_AUDIT, TEST, Ground, ground_of, on_ground
from labeller.insight.model_order import Order
from labeller.insight.models_context import ModelsContext, marker_of
from labeller.insight.run_views import loss_picture
from labeller.insight.selectors import VersionScore
from labeller.insight.sentences import state_of
from labeller.insight.snapshot import snapshot_csv
from labeller.learning.models import ModelVersion, VersionSnapshot
from labeller.learning.set_apart import SET_APART
from labeller.projects.access import Access, answers_project_for, project_for
from labeller.projects.models import Project


@require_GET
def models(request: HttpRequest, slug: str) -> HttpResponse:
    access = project_for(request, slug)
    return render(request, "insight/models.html", _frame(access) | _models(request, access.project))


@require_GET
def live(request: HttpRequest, slug: str) -> HttpResponse:
    """204 while nothing has changed, so that what somebody is reading stays untouched."""
    access = project_for(request, slug)
    ground = ground_of(access.project, request.GET)
    if request.GET.get("seen") == marker_of(access.project, ground):
        return HttpResponse(status=204)
    return render(request, "insight/_models.html", _frame(access) | _models(request, access.project))


def _models(request: HttpRequest, project: Project) -> dict[str, Any]:
    """What the address asks for: texts to measure on, order, and the models that are ticked."""
    ground, order = ground_of(project, request.GET), Order.read(request.GET.get("sort"))
    return {
        "models": ModelsContext.of(project, ground, order),
        "ground": ground,
        "kept": f"sort={order}&" if order != Order() else "",
        "ticked": {asked.number(one) for one in request.GET.getlist("number")},
    }


@require_GET
def model(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """One model: what it is, what it learnt from, how its run went, and what can be done with it."""
    access = project_for(request, slug)
    models = ModelsContext.of(access.project, ON_THE_AUDIT, Order())
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
        "size": next(row.size for row in (*models.shown, *models.folded) if row.score is score),
        "state": state_of(score, models.loop),
        "settings": {name: _told(value) for name, value in version.settings.items() if name not in TOLD_ELSEWHERE},
        "taught": _taught(version),
        "label_counts": version.settings.get("label_counts", {}),
        "snapshot": snapshot,
        "losses": loss_points(log),
    }
    return render(request, "insight/model.html", context | _beside_it(access.project, score, models.models))


def _taught(version: ModelVersion) -> dict[str, int]:
    """How many of its labelled texts tuned the language model, and how many were set apart; empty where that is not
    known or none was."""
    encoder = version.settings.get("taught")
    if encoder is None or encoder >= version.n_labels:
        return {}
    return {"encoder": encoder, "kept": version.n_labels - encoder}


def _told(value: Any) -> Any:
    """Switches as their owner wrote them, which is JSON; anything else as it is."""
    return json.dumps(value) if isinstance(value, dict) else value


def _beside_it(project: Project, score: VersionScore, models: list[VersionScore]) -> dict[str, Any]:
    """Its figures on the test file, and whom it can be compared with: on the audit where it was measured there, else
    on the test file. Two queries at most."""
    test_set = set_in_force(project)
    ground = Ground(test_set, test_set)
    on_test = on_ground(models, ground) if test_set else []
    others, on = (models, AUDIT) if score.n_audit else (on_test, TEST)
    of_test = next((one for one in on_test if one.number == score.number and one.n_audit), None)
    return {
        "on_test": of_test,
        "on": on,
        "others": [other for other in others if other.number != score.number and other.n_audit]
        if score.n_audit or of_test
        else [],
    }


@require_GET
def loss(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """The specification of the loss curve."""
    access = project_for(request, slug)
    version = get_object_or_404(ModelVersion.objects.select_related("run"), project=access.project, number=number)
    return loss_picture(
        loss_points(version.run.log if version.run else []),
        request,
        title=_("%(project)s: loss of the run that made model %(number)s")
        % {"project": access.project.name, "number": number},
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


TOLD_ELSEWHERE = (
    "pool_share",
    "label_names",
    "label_texts",
    "promotion",
    "label_counts",
    "stage",
    "why",
    "head",
    "pool",
    "taught",
    "labels",  # of the stage: those that taught
    SET_APART,
)


def _frame(access: Access) -> dict[str, Any]:
    return {
        "project": access.project,
        "membership": access.membership,
        "section": "results",
        "part": "models",
    }
