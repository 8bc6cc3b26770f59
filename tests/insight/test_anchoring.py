"""Whether shown suggestions sway: only what a coin decided is compared, whatever the policy was before and is now."""

from __future__ import annotations

import pytest
from django.urls import reverse

from labeller.annotation.models import Annotation, QueueEntry
from labeller.insight.anchoring import ENOUGH, anchoring_of
from tests.annotation.acts import give, one
from tests.annotation.conftest import somebody_keeps_the_queue_in_order  # noqa: F401  # a fixture

pytestmark = pytest.mark.django_db


def under(project, policy):
    project.suggestions = policy
    project.save()


def answers(project, person, label, count):
    return [give(project, person, one(project, person), label) for _ in range(count)]


def counted(project):
    found = anchoring_of(project)
    return found.shown.n + found.hidden.n


def test_answers_from_before_the_coin_are_not_counted(project, bob, labels, ranked):
    under(project, "shown")
    answers(project, bob, labels[0], 8)
    under(project, "hidden")
    answers(project, bob, labels[1], 8)
    under(project, "half")
    assert counted(project) == 0
    made = answers(project, bob, labels[0], 20)
    found = anchoring_of(project)
    shown = sum(bool(answer.suggestion_shown) for answer in made)
    assert (found.shown.n, found.hidden.n) == (shown, len(made) - shown)
    assert found.shown.hits == found.shown.n and found.is_drawn


def test_nor_is_an_answer_to_a_text_that_was_handed_out_before_it(project, bob, labels, ranked):
    under(project, "shown")
    served = one(project, bob)
    under(project, "half")
    give(project, bob, served, labels[0])
    assert counted(project) == 0


def test_what_the_coin_decided_counts_on_under_another_policy(project, bob, labels, ranked):
    under(project, "half")
    answers(project, bob, labels[0], 5)
    served = one(project, bob)
    under(project, "shown")
    give(project, bob, served, labels[0])
    answers(project, bob, labels[0], 5)
    found = anchoring_of(project)
    assert found.shown.n + found.hidden.n == 6 and not found.is_drawn


def test_where_all_were_hidden_before_the_answer_nobody_knows_what_was_seen(project, bob, labels, ranked):
    under(project, "half")
    served = one(project, bob)
    under(project, "hidden")
    give(project, bob, served, labels[0])
    assert counted(project) == 0


def test_a_changed_answer_keeps_what_decided_for_the_first(project, bob, labels, ranked, client_of):
    under(project, "half")
    [first] = answers(project, bob, labels[0], 1)
    url = reverse("answer-change", args=[project.slug, first.key])
    client_of(bob).post(url, {"key": "6a6ad54e-7d26-4bd7-9b8a-6a1a4b3ca001", "label": labels[1].pk})
    changed = Annotation.objects.get(superseded_at=None)
    assert changed.pk != first.pk and changed.suggestion_policy == "half" and counted(project) == 1


def test_answers_from_before_it_was_remembered_are_not_counted(project, bob, labels, ranked):
    under(project, "half")
    answers(project, bob, labels[0], 5)
    Annotation.objects.update(suggestion_policy="")
    assert counted(project) == 0


@pytest.mark.parametrize(("surest", "suggested"), [(0.3, 0), (0.6, 20)])
def test_of_several_labels_only_texts_with_a_suggestion_are_counted(project, bob, labels, ranked, surest, suggested):
    project.kind = project.Kind.MULTI
    under(project, "half")
    QueueEntry.objects.update(prediction={str(label.pk): surest if label is labels[0] else 0.1 for label in labels})
    answers(project, bob, labels[0], 20)
    assert counted(project) == suggested


def test_from_thirty_of_each_kind_on_the_page_says_how_far_it_sways(project, alice, bob, labels, ranked, client_of):
    under(project, "half")
    answers(project, bob, labels[0], 5)
    page = client_of(alice).get(reverse("results-effort", args=[project.slug])).content.decode()
    assert "Thirty answers of each kind are needed" in page
    for at, answer in enumerate(answers(project, bob, labels[0], 75)):
        shown = at % 2 == 0
        Annotation.objects.filter(pk=answer.pk).update(suggestion_shown=shown, suggestion_followed=shown)
    assert min(anchoring_of(project).shown.n, anchoring_of(project).hidden.n) >= ENOUGH
    page = client_of(alice).get(reverse("results-effort", args=[project.slug])).content.decode()
    assert "People take a suggestion they see more often" in page
    assert "Only texts for which a coin decided are counted." in page


@pytest.mark.parametrize(
    ("policy", "said"),
    [("shown", "let a coin decide"), ("half", "No answer yet to a text for which the coin decided.")],
)
def test_without_such_answers_the_page_says_how_to_get_them(
    project, alice, bob, labels, ranked, client_of, policy, said
):
    under(project, "shown")
    answers(project, bob, labels[0], 3)
    under(project, policy)
    assert said in client_of(alice).get(reverse("results-effort", args=[project.slug])).content.decode()
