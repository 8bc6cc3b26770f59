"""The project's first page: what to do next, from what is really there."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse

from labeller.projects import overview
from labeller.projects.models import Membership
from labeller.projects.overview import Panel, next_step, panels_for
from tests.cast import join, make_project
from tests.projects.refusals import ClientOf


def test_every_member_sees_labels_members_and_guidelines(project, rita, client_of: ClientOf):
    project.guidelines = "Label what the clause **does**."
    project.save(update_fields=["guidelines"])
    page = client_of(rita).get(reverse("project", args=[project.slug])).content.decode()
    for words in ("Change", "Court", "Other", "alice", "bob", "clause <strong>does</strong>"):
        assert words in page
    assert "Change labels" not in page


def test_strangers_and_the_signed_out_see_nothing(project, mallory, client_of: ClientOf):
    url = reverse("project", args=[project.slug])
    assert client_of(mallory).get(url).status_code == 404
    assert Client().get(url)["Location"].startswith("/accounts/login/")
    assert client_of(mallory).post(url).status_code == 405


def test_without_labels_the_manager_is_sent_to_add_them_and_others_wait(alice, bob, client_of: ClientOf):
    empty = make_project(name="Empty", labels=())
    join(empty, alice, "manager"), join(empty, bob, "annotator")
    url, labels = reverse("project", args=[empty.slug]), reverse("labels", args=[empty.slug])
    assert f'<a class="button primary" href="{labels}">Add labels</a>' in client_of(alice).get(url).content.decode()
    assert "Its manager adds them." in client_of(bob).get(url).content.decode()


def test_a_single_label_is_not_enough_to_go_on(project, alice):
    membership = Membership.objects.get(project=project, user=alice)
    assert "One label is not a choice" in next_step(project, membership, [], 1).sentence


def test_the_first_panel_with_something_to_do_says_what_comes_next(project, alice, monkeypatch):
    made = [
        lambda *_: Panel(30, "", next_step="Third.", next_url="/3"),
        lambda *_: None,
        lambda *_: Panel(10, "first.html"),
        lambda *_: Panel(20, "", next_step="Second.", next_url="/2", next_action="Do it"),
    ]
    monkeypatch.setattr(overview, "panels", made)
    membership = Membership.objects.get(project=project, user=alice)
    shown = panels_for(project, membership)
    assert [panel.order for panel in shown] == [10, 20, 30]
    step = next_step(project, membership, shown, 3)
    assert (step.sentence, step.url, step.action) == ("Second.", "/2", "Do it")


def test_the_page_costs_the_same_queries_with_many_labels_and_members(
    project, alice, client_of: ClientOf, django_assert_max_num_queries
):
    from labeller.projects.labels import add_labels
    from tests.cast import make_user

    add_labels(project=project, names=[f"label {number}" for number in range(40)])
    for number in range(20):
        join(project, make_user(f"person{number}"))
    browser = client_of(alice)
    with django_assert_max_num_queries(30):
        browser.get(reverse("project", args=[project.slug]))
