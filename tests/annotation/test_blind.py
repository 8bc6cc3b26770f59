"""Annotators answer without knowing what others said: no page of theirs shows it for a single text."""

from __future__ import annotations

import pytest
from django.urls import reverse

from labeller.annotation import services
from labeller.annotation.models import Annotation
from labeller.annotation.page import text_of
from tests.annotation.acts import give, one
from tests.cast import add_texts
from tests.insight.scored import answered

pytestmark = pytest.mark.django_db


@pytest.fixture
def judged(project):
    """A model that was measured on forty texts that people answered."""
    answered(project, [f"Text {at}." for at in range(40)], ["Court"] * 40, ["Change"] * 4 + ["Court"] * 36)
    return project


def addresses(project):
    document = project.documents.first()
    return {
        "labels as CSV": reverse("export-labels", args=[project.slug, "csv"]),
        "labels as JSON Lines": reverse("export-labels", args=[project.slug, "jsonl"]),
        "texts behind a figure": reverse("results-errors-texts", args=[project.slug]) + "?model=1",
        "one text": reverse("results-errors-text", args=[project.slug, document.pk]),
    }


def test_answers_to_single_texts_are_for_managers_and_readers(judged, alice, bob, rita, mallory, client_of):
    for what, address in addresses(judged).items():
        codes = [client_of(person).get(address).status_code for person in (alice, rita, bob, mallory)]
        assert codes == [200, 200, 403, 404], what


def test_the_page_that_is_refused_says_why(judged, bob, client_of):
    page = client_of(bob).get(reverse("export-labels", args=[judged.slug, "csv"])).content.decode()
    assert "annotators answer without knowing" in page


def test_an_annotator_sees_the_figures_and_no_text(judged, bob, rita, client_of):
    address = reverse("results-errors", args=[judged.slug])
    his, hers = (client_of(person).get(address).content.decode() for person in (bob, rita))
    assert "wrong on 4 of 40" in his and "wrong on 4 of 40" in hers
    assert "Text 0." in hers and "Text 0." not in his
    assert "errors/texts" not in his


@pytest.mark.parametrize("name", ["project", "results", "results-models", "results-effort", "data"])
def test_no_page_of_an_annotator_leads_to_one_that_is_refused(judged, bob, client_of, name):
    page = client_of(bob).get(reverse(name, args=[judged.slug])).content.decode()
    assert not [address for address in addresses(judged).values() if address.split("?")[0] in page]


def test_the_second_person_s_page_holds_nothing_of_the_first_answer(project, alice, bob):
    project.overlap = 2
    project.save()
    add_texts(project, ["The only clause."])
    give(project, alice, one(project, alice), project.labels.first(), comment="Plainly a change.")
    served = text_of(project, one(project, bob))
    assert served.keys() == {"lease", "until", "text", "metadata", "reason", "suggested"}
    assert served["suggested"] == {} and "Plainly" not in str(served)


def test_ones_last_answers_are_ones_own(project, alice, bob, client_of):
    add_texts(project, ["One clause.", "Another clause."])
    give(project, alice, one(project, alice), project.labels.first(), comment="Mine alone.")
    services.serve(project=project, annotator=bob)
    page = client_of(bob).get(reverse("label", args=[project.slug])).content.decode()
    text = Annotation.objects.get().document.text
    assert text not in page and "Mine alone." not in page
