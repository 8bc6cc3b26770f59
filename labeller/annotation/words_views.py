"""Which words moved the suggestion: the page's script asks, and asks again until it is found."""

from __future__ import annotations

from dataclasses import astuple

from django.http import JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from labeller.annotation.asking_words import WordsRefused, ask_words, pieces
from labeller.annotation.forms import WordsForm
from labeller.annotation.moved_words import MovedWords
from labeller.projects.access import LabellerRequest, labelling_project_for


@require_POST
def label_words(request: LabellerRequest, slug: str) -> JsonResponse:
    access = labelling_project_for(request, slug)
    form = WordsForm(request.POST)
    if not form.is_valid():
        return JsonResponse({"error": _("The text was not named by the key it was handed out with.")}, status=422)
    try:
        asked = form.cleaned_data
        found = ask_words(
            project=access.project,
            annotator=request.user,
            lease_key=asked["lease"],
            label_id=asked["label"],
            again=asked["again"],
        )
    except WordsRefused as refusal:
        return JsonResponse({"error": str(refusal)}, status=422)
    told = {"state": found.state, "label": found.label_id, "reason": found.reason and _(found.reason)}
    if found.state == MovedWords.State.READY:
        text = found.document.text
        told |= {"pieces": [astuple(piece) for piece in pieces(text, found.spans)], "named": len(found.spans)}
        told |= {"telling": found.telling}
    return JsonResponse(told)
