"""What a manager does with the test file: have models measured on it, delete it."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from labeller.corpus.services import delete_test_set
from labeller.corpus.testset import TestSet, set_in_force
from labeller.learning import services
from labeller.learning.testscores import TestScore
from labeller.numerals import whole
from labeller.projects.access import Access, LabellerRequest, managed_project_for
from labeller.projects.confirmation import confirmation_page


@require_POST
def measure(request: LabellerRequest, slug: str) -> HttpResponse:
    """Start measuring what was not measured yet."""
    access = managed_project_for(request, slug)
    _set_of(access)
    if services.start_test(project=access.project, requested_by=request.user) is None:
        messages.info(request, _("Every model whose files are there has been measured, or is about to be."))
    return redirect("results-test", slug)


@require_http_methods(["GET", "POST"])
def delete(request: LabellerRequest, slug: str) -> HttpResponse:
    """GET asks; POST does it."""
    access = managed_project_for(request, slug)
    test_set, page = _set_of(access), reverse("results-test", args=[slug])
    if request.method == "POST":
        delete_test_set(test_set=test_set)
        said = _("The test file %(name)s is deleted. Its texts may be imported now.") % {"name": test_set.name}
        messages.success(request, said)
        return redirect(page)
    return confirmation_page(
        request,
        access,
        question=_("Delete the test file %(name)s?") % {"name": test_set.name},
        effect=_effect(test_set),
        action=_("Delete the test file"),
        back=page,
        section="results",
    )


def _set_of(access: Access) -> TestSet:
    found = set_in_force(access.project)
    if found is None:
        raise Http404("This project has no test file.")
    return found


def _effect(test_set: TestSet) -> str:
    models = TestScore.objects.filter(test_set=test_set).count()
    told = {"texts": whole(test_set.n_texts), "models": whole(models)}
    if models:
        goes = ngettext(
            "Its texts (%(texts)s) and the figures of %(models)s model on them go, and this cannot be taken back.",
            "Its texts (%(texts)s) and the figures of %(models)s models on them go, and this cannot be taken back.",
            models,
        )
    else:
        goes = _("Its texts (%(texts)s) go, and this cannot be taken back.")
    stays = _(
        "The audit’s figures stay, and so does the model in use: the test file never decided it. Uploaded again, the "
        "file can measure the models whose files are still there."
    )
    return f"{goes % told} {stays}"
