"""The effort page: what it says of the work done and of that which is left, how it follows, and what it costs."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from labeller.annotation.models import Annotation
from labeller.learning.models import ModelVersion
from labeller.projects.labels import Draft, add_drafts
from labeller.projects.merging import merge_labels
from labeller.projects.models import Project, User
from tests.cast import add_texts
from tests.insight.scored import add_version
from tests.insight.told import at, effort, page_for, rows_of
from tests.insight.worked import add_work

ClientOf = Callable[[User], Client]


class TestThePage:
    def test_an_empty_project_says_what_to_do(
        self, project: Project, client_of: ClientOf, alice: User, rita: User
    ) -> None:
        page = page_for(client_of(alice), project)
        assert "There is no work to measure yet." in page and reverse("label", args=[project.slug]) in page
        assert ">Label texts<" not in page_for(client_of(rita), project)

    def test_four_answers_are_too_few(self, project: Project, client_of: ClientOf, alice: User) -> None:
        add_work(project, alice, [3.0] * 4)
        page = page_for(client_of(alice), project)
        assert "Too few answers were timed" in page and "too few (4)" in page

    def test_days_stand_in_a_table_newest_first_with_idle_ones_between(
        self, project: Project, client_of: ClientOf, alice: User, bob: User
    ) -> None:
        now = timezone.now()
        add_work(project, alice, [60.0] * 6, at=now - timedelta(days=3))
        add_work(project, bob, [30.0] * 5, at=now - timedelta(days=1))
        add_work(project, bob, [30.0] * 9, at=now - timedelta(days=90))  # before the four weeks
        rows = rows_of(page_for(client_of(alice), project), "day-table")
        assert [row[1:4] for row in rows] == [
            ["0", "–", "–"],
            ["5", "2 min 30 s", "120"],
            ["0", "–", "–"],
            ["6", "6 min 0 s", "60"],
        ]
        only_bob = rows_of(page_for(client_of(alice), project, f"?person={bob.pk}"), "day-table")
        assert [row[1] for row in only_bob] == ["0", "5"]

    def test_the_file_has_the_days_of_the_table(self, project: Project, client_of: ClientOf, alice: User) -> None:
        add_work(project, alice, [60.0] * 6, at=timezone.now() - timedelta(days=1))
        lines = client_of(alice).get(at("results-effort-csv", project)).content.decode().splitlines()
        assert lines[0] == "day,labels,answers_timed,work_seconds,breaks"
        assert [line.split(",", 1)[1] for line in lines[1:]] == ["6,6,360.0,0", "0,0,0.0,0"]

    def test_the_work_between_two_models_is_priced(self, project: Project, alice: User) -> None:
        now = timezone.now()
        first = add_version(project, n_labels=50, n_audit=200, right=0.5)
        second = add_version(project, n_labels=100, n_audit=200, right=0.9)
        ModelVersion.objects.filter(pk=first.pk).update(created_at=now - timedelta(hours=5))
        ModelVersion.objects.filter(pk=second.pk).update(created_at=now - timedelta(hours=1))
        add_work(project, alice, [60.0] * 9, at=now - timedelta(hours=6))
        add_work(project, alice, [60.0] * 40, at=now - timedelta(hours=2))
        (only,) = effort(project, alice).costs
        assert only.minutes == 40 and only.gain.value == pytest.approx(0.4)
        assert only.minutes_a_point is not None and only.minutes_a_point.value == pytest.approx(1.0)

    @pytest.mark.parametrize("change", ["merge", "add"])
    def test_a_change_of_the_labels_is_not_sold_as_work(
        self, change: str, project: Project, client_of: ClientOf, alice: User
    ) -> None:
        now = timezone.now()
        models = [add_version(project, n_labels=100, n_audit=150, right=0.6)]
        if change == "merge":
            gone = list(project.labels.filter(name__in=("Change", "Court")))
            merge_labels(project=project, labels=gone, into="Court")
        else:
            add_drafts(project=project, drafts=[Draft("Fees")])
        models += [add_version(project, n_labels=160, n_audit=160, right=0.85)]
        models += [add_version(project, n_labels=240, n_audit=200, right=0.99)]
        for model, hours in zip(models, (5, 3, 1), strict=True):
            ModelVersion.objects.filter(pk=model.pk).update(created_at=now - timedelta(hours=hours))
        add_work(project, alice, [20.0] * 60, at=now - timedelta(hours=4))
        add_work(project, alice, [20.0] * 60, at=now - timedelta(hours=2))
        across, within = effort(project, alice).costs
        assert across.gain is None and across.minutes == 20
        assert within.gain is not None and within.minutes_a_point is not None
        page = page_for(client_of(alice), project)
        rows = rows_of(page, "cost-table")
        assert rows[0] == ["1 to 2", "100 to 160", "20 min 0 s", "labels changed in between"]
        assert len(rows[1]) == 5 and "the two models answered different questions" in page

    def test_with_several_labels_a_text_it_is_a_point_of_macro_f1(
        self, project: Project, client_of: ClientOf, alice: User
    ) -> None:
        Project.objects.filter(pk=project.pk).update(kind="multi")
        project.refresh_from_db()
        now = timezone.now()
        models = [
            add_version(project, n_labels=50 * at, n_audit=200, right=right) for at, right in ((1, 0.5), (2, 0.9))
        ]
        for model, hours in zip(models, (5, 1), strict=True):
            ModelVersion.objects.filter(pk=model.pk).update(created_at=now - timedelta(hours=hours))
        add_work(project, alice, [60.0] * 9, at=now - timedelta(hours=2))
        (only,) = effort(project, alice).costs
        first, second = (model.metrics["macro_f1"]["value"] for model in models)
        assert only.gain.value == pytest.approx(second - first)
        page = page_for(client_of(alice), project)
        assert "What a point of macro-F1 took" in page and "a point is a hundredth of it" in page
        assert "point of accuracy" not in page and "Points of accuracy" not in page

    def test_work_left_is_told_at_once_and_a_date_after_three_days(
        self, project: Project, client_of: ClientOf, alice: User
    ) -> None:
        add_work(project, alice, [6.0] * 10)
        early = page_for(client_of(alice), project, "?target=110")
        assert "100 answers missing: about 10 min 0 s of work" in early
        assert "A date needs labels on the last days" in early
        add_work(project, alice, [6.0] * 10, at=timezone.now() - timedelta(days=4))
        add_work(project, alice, [6.0] * 10, at=timezone.now() - timedelta(days=2))
        later = page_for(client_of(alice), project, "?target=110")
        assert "80 answers missing" in later
        assert re.search(
            r"At 6 labels a day in the last 5 days \(0 to 13 as a 95 % interval\) they are there on", later
        )

    def test_a_text_that_two_shall_answer_is_two_answers(
        self, project: Project, client_of: ClientOf, alice: User
    ) -> None:
        Project.objects.filter(pk=project.pk).update(overlap=2)
        add_work(project, alice, [6.0] * 10)
        assert "200 answers missing" in page_for(client_of(alice), project, "?target=110")

    def test_a_target_beyond_the_pool_says_how_many_texts_there_are(
        self, project: Project, client_of: ClientOf, alice: User
    ) -> None:
        add_work(project, alice, [6.0] * 10)
        add_texts(project, [f"Another {at}." for at in range(20)])
        client, texts = client_of(alice), project.documents.count()
        assert f"The pool has only {texts} texts." in page_for(client, project, f"?target={texts + 1}")
        assert "The pool has only" not in page_for(client, project, f"?target={texts}")

    def test_a_target_that_is_reached_says_so(self, project: Project, client_of: ClientOf, alice: User) -> None:
        add_work(project, alice, [6.0] * 10)
        assert "They are there." in page_for(client_of(alice), project, "?target=10")

    @pytest.mark.parametrize("query", ["?target=none", "?target=-5", "?target=99999999999999", "?person=x&target="])
    def test_nonsense_in_the_address_counts_as_not_chosen(
        self, project: Project, client_of: ClientOf, alice: User, query: str
    ) -> None:
        add_work(project, alice, [6.0] * 10)
        assert "To 50 labels" in page_for(client_of(alice), project, query)


class TestLive:
    def test_it_is_silent_until_somebody_answers_and_keeps_what_was_chosen(
        self, project: Project, client_of: ClientOf, alice: User
    ) -> None:
        (first, *_) = add_work(project, alice, [6.0] * 10)
        client = client_of(alice)
        page = page_for(client, project, f"?person={alice.pk}&target=300&other=1")
        poll = re.search(r'id="standing" hx-get="([^"]+)"', page)
        assert poll is not None
        address = poll[1].replace("&amp;", "&")
        assert address.endswith(f"&person={alice.pk}&target=300")
        assert client.get(address).status_code == 204
        Annotation.objects.filter(pk=first.pk).update(superseded_at=timezone.now())
        answer = client.get(address).content.decode()
        assert "<html" not in answer and 'hx-swap-oob="innerHTML"' in answer and "To 300 labels" in answer
        assert "9 labels in" in answer

    def test_the_page_keeps_the_strict_policy(self, project: Project, client_of: ClientOf, alice: User) -> None:
        add_work(project, alice, [6.0] * 10)
        page = page_for(client_of(alice), project)
        assert not re.search(r"<script(?![^>]*\ssrc=)|\sstyle=|\son\w+=|<style", page)


def test_many_people_and_models_cost_as_many_queries_as_few(
    project: Project, client_of: ClientOf, alice: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        person = User.objects.create(username=f"person{number}-{uuid4().hex[:4]}")
        add_work(project, person, [30.0] * 6, at=timezone.now() - timedelta(days=number))
        add_version(project, n_labels=40 * 2**number, n_audit=60)
    client = client_of(alice)
    with django_assert_max_num_queries(16):
        page_for(client, project)
