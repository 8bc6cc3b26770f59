"""The page of the test file: what it holds, which models it has measured, and what a manager may do with it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from labeller.corpus.models import ImportJob
from labeller.corpus.selectors import newest_test_import
from labeller.corpus.testset import TestSet, TestText, set_in_force
from labeller.insight.measured_on import Ground, measured, unmeasured, versions_on
from labeller.insight.selectors import VersionScore
from labeller.learning.models import TrainingRun
from labeller.learning.selectors import newest_test_run, workers_alive, worth_showing
from labeller.projects.access import Access, project_for
from labeller.projects.models import Label, Project

State = ImportJob.State


@dataclass(frozen=True)
class TestSetContext:
    """What the page and its live part show."""

    test_set: TestSet | None
    upload: ImportJob | None  # a file on its way in, or one that failed
    run: TrainingRun | None  # what measures now, or has something to tell
    missing: list[str]  # clusters without a worker, as the status of learning has them
    models: list[VersionScore]  # measured on it, newest first
    unmeasured: int

    @property
    def marker(self) -> str:
        """Changes whenever something on the page does."""
        run = f"{self.run.pk}.{self.run.state}.{self.run.progress:.2f}.{self.run.stage}" if self.run else ""
        upload = f"{self.upload.pk}.{self.upload.state}" if self.upload else ""
        test_set = self.test_set.pk if self.test_set else 0
        return f"{test_set}-{len(self.models)}-{self.unmeasured}-{run}-{upload}-{len(self.missing)}"

    @classmethod
    def of(cls, project: Project) -> TestSetContext:
        """Seven queries at most."""
        test_set, upload = set_in_force(project), newest_test_import(project)
        ground = Ground(test_set, test_set)
        versions = versions_on(project, ground) if test_set else []
        return cls(
            test_set=test_set,
            upload=upload if upload and upload.state != State.DONE else None,
            run=worth_showing(newest_test_run(project)) if test_set else None,
            missing=[] if workers_alive("training") else ["training"],
            models=sorted(measured(versions, ground), key=lambda version: -version.number),
            unmeasured=unmeasured(versions),
        )


@require_GET
def test_file(request: HttpRequest, slug: str) -> HttpResponse:
    access = project_for(request, slug)
    found = TestSetContext.of(access.project)
    context = _frame(access) | {"found": found, "by_label": _by_label(found.test_set)}
    return render(request, "insight/test_file.html", context)


@require_GET
def live(request: HttpRequest, slug: str) -> HttpResponse:
    """204 while nothing has changed, so that what somebody is reading stays untouched."""
    access = project_for(request, slug)
    found = TestSetContext.of(access.project)
    if request.GET.get("seen") == found.marker:
        return HttpResponse(status=204)
    return render(request, "insight/_test_scores.html", _frame(access) | {"found": found})


def _frame(access: Access) -> dict[str, object]:
    return {"project": access.project, "membership": access.membership, "section": "results", "part": "test"}


WHAT_IT_HOLDS = ("label_id", "label__read_as_id", "testtext_id")


def _by_label(test_set: TestSet | None) -> list[tuple[Label, int]]:
    """Texts of the set by label, a merged one as what it became, in the project's order. Two queries."""
    if test_set is None:
        return []
    given = TestText.labels.through._default_manager.filter(testtext__test_set=test_set)
    texts = {(read_as or label, text) for label, read_as, text in given.values_list(*WHAT_IT_HOLDS)}
    counts = Counter(label for label, _ in texts)
    return [(label, counts[label.pk]) for label in Label.objects.filter(project=test_set.project_id)]
