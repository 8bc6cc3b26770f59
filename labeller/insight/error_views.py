"""Where a model errs: what it takes for what, how sure it may be, which texts it gets wrong. The figures
are for every member; the texts, which show what people said, are not for annotators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from labeller.corpus.models import Document
from labeller.corpus.testset import TestText
from labeller.insight import selectors
from labeller.insight.answers import OUTCOMES, Answer, answers_on, labels_for, source_of, surest_mistakes, version_of
from labeller.insight.asked import number
from labeller.insight.confusion import confusion, two_by_two
from labeller.insight.markers import models_on
from labeller.insight.measured_on import Ground, ground_of, label_scores_on, versions_on
from labeller.insight.reliability_chart import Calibration, reliability_key, reliability_spec
from labeller.insight.saved_picture import saved
from labeller.insight.selectors import Standing, VersionScore
from labeller.insight.slices import LENGTH, fields_of, sliced
from labeller.insight.testset_history import histories_on
from labeller.insight.texts import histories, read_texts
from labeller.learning.models import ModelVersion
from labeller.learning.testscores import TestScore
from labeller.projects.access import Access, answers_project_for, project_for
from labeller.projects.models import Label, Project

FIRST = 10  # mistakes on the page itself
PAGE = 25


@require_GET
def errors(request: HttpRequest, slug: str) -> HttpResponse:
    access = project_for(request, slug)
    ground = ground_of(access.project, request.GET)
    newer = models_on(access.project, ground)  # first: what changes while the page is built is news
    scores = versions_on(access.project, ground)
    standing = selectors.standing(access.project, scores)
    version = _chosen(request, access.project, standing)
    context = _frame(access) | {"standing": standing, "version": version, "choices": _choices(scores)}
    context |= {"ground": ground, "newer": newer}
    answers = answers_on(version, ground) if version else []
    if version and answers:
        context |= _figures(access.project, version, answers, request.GET.get("by", LENGTH), ground)
    return render(request, "insight/errors.html", context)


@require_GET
def texts(request: HttpRequest, slug: str) -> HttpResponse:
    """The texts behind a figure: of one cell, of one label's outcome, or all that are wrong."""
    access = answers_project_for(request, slug)
    ground = ground_of(access.project, request.GET)
    version = _version(access.project, request)
    labels = labels_for(version)
    wanted = _Wanted.of(request, {label.pk: label.name for label in labels})
    found = [one for one in answers_on(version, ground) if wanted.holds(one)]
    found.sort(key=lambda one: (-one.sure, one.document_id))
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    query = request.GET.copy()
    query.pop("page", None)
    context = _frame(access) | {"version": version, "title": wanted.title, "page": page, "query": query.urlencode()}
    context |= {"ground": ground, "texts": read_texts(list(page), labels, source_of(ground))}
    return render(request, "insight/error_texts.html", context)


@require_GET
def text(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """One text of the audit or of the test file whole, and what every model has said of it."""
    access = answers_project_for(request, slug)
    ground, labels = ground_of(access.project, request.GET), Label.everything.filter(project=access.project)
    document: Document | TestText
    if ground.test_set is None:
        document = get_object_or_404(Document, project=access.project, pk=pk)
        said = histories(document, labels)
    else:
        document = get_object_or_404(TestText, test_set=ground.test_set, pk=pk)
        said = histories_on(document, labels)
    if not said:
        raise Http404(_("No model was measured on this text."))
    context = {"document": document, "said": said, "ground": ground}
    return render(request, "insight/error_text.html", _frame(access) | context)


@require_GET
def reliability(request: HttpRequest, slug: str) -> HttpResponse:
    """The specification of the diagram."""
    project = project_for(request, slug).project
    version, ground = _version(project, request), ground_of(project, request.GET)
    calibration = _calibration(version, ground)
    if calibration is None:
        raise Http404(_("The confidence of this model was not measured."))
    spec = reliability_spec(calibration.bins)
    if "saved" in request.GET:
        spec = saved(spec, title=_picture_title(project, version, ground), key=reliability_key())
    return JsonResponse(spec)


def _picture_title(project: Project, version: ModelVersion, ground: Ground) -> str:
    told = {"project": project.name, "number": version.number}
    if ground.test_set is None:
        return _("%(project)s: how often model %(number)s is right, by how sure it is") % told
    title = _("%(project)s: how often model %(number)s is right, by how sure it is, on texts of the test file %(file)s")
    return title % (told | {"file": ground.test_set.name})


def _frame(access: Access) -> dict[str, Any]:
    return {"project": access.project, "membership": access.membership, "section": "results", "part": "errors"}


def _choices(scores: list[VersionScore]) -> list[VersionScore]:
    """Models that were measured, newest first."""
    return sorted((score for score in scores if score.n_audit), key=lambda score: -score.number)


def _chosen(request: HttpRequest, project: Project, standing: Standing) -> ModelVersion | None:
    """The model asked for, or the one in use. Raises Http404 for a number that no model has."""
    if request.GET.get("model"):
        return _version(project, request)
    return version_of(project, standing.current.number if standing.current else None)


def _version(project: Project, request: HttpRequest) -> ModelVersion:
    version = version_of(project, number(request.GET.get("model")))
    if version is None:
        raise Http404(_("This project has no model of that number."))
    return version


def _calibration(version: ModelVersion, ground: Ground) -> Calibration | None:
    """None for a model whose confidence was not measured on this ground."""
    if ground.test_set is None:
        return Calibration.read(version.metrics.get("reliability"))
    score = TestScore.objects.filter(version=version, test_set=ground.test_set).first()
    return Calibration.read(score.metrics.get("reliability")) if score else None


def _figures(
    project: Project, version: ModelVersion, answers: list[Answer], field: str, ground: Ground
) -> dict[str, Any]:
    labels = labels_for(version)
    mistakes = surest_mistakes(answers)
    fields = fields_of(answers)
    figures: dict[str, Any] = {
        "total": len(answers),
        "wrong": len(mistakes),
        "calibration": _calibration(version, ground),
        "by_label": label_scores_on(project, version.number, ground),
        "mistakes": read_texts(mistakes[:FIRST], labels, source_of(ground)),
        "fields": fields,
        "sliced": sliced(answers, field if field in fields else LENGTH),
    }
    if project.is_multi:
        figures["outcomes"], figures["unmet"] = two_by_two(answers, labels)
    else:
        figures["matrix"] = confusion(answers, labels)
    return figures


@dataclass(frozen=True)
class _Wanted:
    """Which audit texts a link asks for, and how the list is called."""

    title: str
    gold: int | None = None
    said: int | None = None
    label: int | None = None
    outcome: str = ""

    @classmethod
    def of(cls, request: HttpRequest, names: dict[int, str]) -> _Wanted:
        """Without a filter all wrong answers. Raises Http404 for labels or outcomes that do not exist."""
        gold, said, label = (number(request.GET.get(key)) for key in ("gold", "said", "label"))
        outcome = request.GET.get("outcome", "")
        if any(asked is not None and asked not in names for asked in (gold, said, label)):
            raise Http404(_("This project has no such label."))
        if gold is not None and said is not None:
            right = gold == said
            told = {"label": names[gold], "other": names[said]}
            title = (_("%(label)s, answered rightly") if right else _("%(label)s, taken for %(other)s")) % told
            return cls(title, gold=gold, said=said)
        if label is None:
            return cls(_("Wrong answers, the surest first"))
        if outcome not in OUTCOMES:
            raise Http404(_("No such outcome."))
        return cls(f"{names[label]}: {OUTCOMES[outcome]}", label=label, outcome=outcome)

    def holds(self, one: Answer) -> bool:
        if self.gold is not None and self.said is not None:
            return one.gold == {self.gold} and one.predicted == {self.said}
        if self.label is not None:
            return one.outcome(self.label) == self.outcome
        return not one.is_right
