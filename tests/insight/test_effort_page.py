"""The effort page: what it says, whom it shows to whom, and what it costs."""

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

from labeller.annotation.models import Annotation, Source
from labeller.insight.effort_page import Asked, effort_of
from labeller.insight.effort_selectors import medians
from labeller.learning.models import ModelVersion
from labeller.projects.labels import Draft, add_drafts
from labeller.projects.merging import merge_labels
from labeller.projects.models import Membership, Project, User
from tests.cast import add_texts
from tests.insight.scored import add_version
from tests.insight.worked import add_work

ClientOf = Callable[[User], Client]
PAGES = ("results-effort", "results-effort-live", "results-effort-csv")


def at(name: str, project: Project, query: str = "") -> str:
    return reverse(name, args=[project.slug]) + query


def page_for(client: Client, project: Project, query: str = "") -> str:
    return client.get(at("results-effort", project, query)).content.decode()


def rows_of(page: str, table: str) -> list[list[str]]:
    body = page.split(f'id="{table}"')[1].split("<tbody>")[1].split("</tbody>")[0]
    return [
        [" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.S)]
        for row in re.findall(r"<tr>.*?</tr>", body, re.S)
    ]


def effort(project: Project, user: User, asked: Asked | None = None):
    return effort_of(project, Membership.objects.get(project=project, user=user), asked or Asked())


class TestWhoMayRead:
    @pytest.mark.parametrize("name", PAGES)
    @pytest.mark.parametrize("person", ["alice", "bob", "rita"])
    def test_every_member_may(
        self, name: str, person: str, project: Project, client_of: ClientOf, request: pytest.FixtureRequest
    ) -> None:
        assert client_of(request.getfixturevalue(person)).get(at(name, project)).status_code == 200

    @pytest.mark.parametrize("name", PAGES)
    def test_strangers_the_signed_out_and_posts_are_refused(
        self, name: str, project: Project, client_of: ClientOf, mallory: User, rita: User
    ) -> None:
        assert client_of(mallory).get(at(name, project)).status_code == 404
        assert Client().get(at(name, project)).status_code == 302
        assert client_of(rita).post(at(name, project)).status_code == 405

    def test_a_manager_sees_each_person_an_annotator_themself_a_reader_nobody(
        self, project: Project, client_of: ClientOf, alice: User, bob: User, rita: User
    ) -> None:
        add_work(project, alice, [3.0] * 6)
        add_work(project, bob, [9.0] * 8)
        assert [row[0] for row in rows_of(page_for(client_of(alice), project), "people-table")] == ["bob", "alice"]
        own = page_for(client_of(bob), project)
        assert [row[0] for row in rows_of(own, "people-table")] == ["bob"] and "alice" not in own
        reader = page_for(client_of(rita), project)
        assert 'id="people-table"' not in reader and "alice" not in reader and "bob" not in reader
        assert all("14 labels so far." in page for page in (own, reader))  # the total is everybody's

    @pytest.mark.parametrize("name", PAGES)
    def test_nobody_chooses_a_person_they_may_not_see(
        self, name: str, project: Project, client_of: ClientOf, alice: User, bob: User, rita: User
    ) -> None:
        add_work(project, alice, [3.0] * 6)
        add_work(project, bob, [9.0] * 6)
        for who, person, status in ((alice, bob, 200), (bob, bob, 200), (bob, alice, 403), (rita, bob, 403)):
            assert client_of(who).get(at(name, project, f"?person={person.pk}")).status_code == status

    def test_whoever_left_the_project_still_has_their_work_in_it(
        self, project: Project, client_of: ClientOf, alice: User, bob: User
    ) -> None:
        add_work(project, bob, [4.0] * 6)
        Membership.objects.filter(user=bob).delete()
        assert rows_of(page_for(client_of(alice), project), "people-table")[0][:2] == ["bob", "6"]


class TestNobodyReadsAnothersTimeBySubtraction:
    """Two people: whoever knows their own time and that of both together knows the other's."""

    def others(self, count: int) -> list[User]:
        return [User.objects.create(username=f"person{number}-{uuid4().hex[:4]}") for number in range(count)]

    def test_of_two_an_annotator_is_told_labels_and_their_own_time_alone(
        self, project: Project, client_of: ClientOf, alice: User, bob: User
    ) -> None:
        add_work(project, alice, [7.0] * 6)
        add_work(project, bob, [30.0] * 8)
        seen = effort(project, bob)
        assert seen.times_held and seen.median_s is None and seen.work.labels == 14
        assert seen.work.seconds == seen.work.breaks == 0 and seen.work.labels_an_hour is None
        assert [(day.work.labels, day.work.seconds) for day in seen.days] == [(14, 0.0)]
        assert seen.target.work_s is None and seen.people[0].work.seconds == 240
        assert effort(project, bob, Asked(person=bob.pk)).days[0].work.seconds == 240
        page = page_for(client_of(bob), project)
        assert "14 labels so far." in page and "of two, each could work out the other's time" in page
        assert rows_of(page, "day-table")[0][1:] == ["14", "–", "–", "–"]
        assert "fewer than three people worked there" in page and "of work at the pace" not in page
        file = client_of(bob).get(at("results-effort-csv", project)).content.decode().splitlines()
        assert file[1].split(",", 1)[1] == "14,14,,"

    def test_a_manager_is_told_all_of_it(self, project: Project, client_of: ClientOf, alice: User, bob: User) -> None:
        add_work(project, alice, [7.0] * 6)
        add_work(project, bob, [30.0] * 8)
        assert effort(project, alice).work.seconds == 282 and not effort(project, alice).holds_days
        page = page_for(client_of(alice), project)
        assert "14 labels in" in page and "held back" not in page

    def test_whoever_works_alone_is_told_their_own(self, project: Project, bob: User, rita: User) -> None:
        add_work(project, bob, [30.0] * 8)
        assert effort(project, bob).work.seconds == 240 and effort(project, bob).days[0].work.seconds == 240
        assert effort(project, rita).times_held  # all of it is one person's

    def test_of_three_everybody_is_told_what_all_took(self, project: Project, bob: User, rita: User) -> None:
        for person in (bob, *self.others(2)):
            add_work(project, person, [10.0] * 6)
        for who in (bob, rita):
            seen = effort(project, who)
            assert (seen.work.seconds, seen.days[0].work.seconds, seen.median_s) == (180, 180, 10)

    def test_a_day_of_two_is_held_back_and_what_is_left_of_all_is_three_people_s(
        self, project: Project, bob: User
    ) -> None:
        now, (one, other) = timezone.now(), self.others(2)
        for person in (bob, one, other):
            add_work(project, person, [10.0] * 6, at=now - timedelta(days=3))
        add_work(project, bob, [10.0] * 6, at=now - timedelta(days=2))
        add_work(project, one, [10.0] * 6, at=now - timedelta(days=2))
        add_work(project, other, [10.0] * 6, at=now - timedelta(days=1))
        held = [day.times_held for day in effort(project, bob).days]
        assert held == [False, True, True, False]  # the two together are three people's: no subtraction parts them

    def test_all_days_are_where_the_others_would_leave_one_of_two(self, project: Project, bob: User) -> None:
        now, (one, other) = timezone.now(), self.others(2)
        for person in (bob, one, other):
            add_work(project, person, [10.0] * 6, at=now - timedelta(days=3))
        add_work(project, bob, [10.0] * 6, at=now - timedelta(days=1))
        add_work(project, one, [10.0] * 6, at=now - timedelta(days=1))
        seen = effort(project, bob)
        assert not seen.times_held and all(day.times_held for day in seen.days)

    def test_so_are_those_of_a_project_two_began_before_the_days_that_are_shown(
        self, project: Project, bob: User
    ) -> None:
        now, (one, other) = timezone.now(), self.others(2)
        for person in (bob, one):
            add_work(project, person, [10.0] * 6, at=now - timedelta(days=90))
        for person in (bob, one, other):
            add_work(project, person, [10.0] * 6, at=now - timedelta(days=1))
        assert not effort(project, bob).times_held and all(day.times_held for day in effort(project, bob).days)

    def test_the_work_between_two_models_is_neither_told_nor_priced(
        self, project: Project, client_of: ClientOf, alice: User, bob: User
    ) -> None:
        now = timezone.now()
        for n_labels, right, hours in ((50, 0.5, 5), (100, 0.9, 1)):
            model = add_version(project, n_labels=n_labels, n_audit=200, right=right)
            ModelVersion.objects.filter(pk=model.pk).update(created_at=now - timedelta(hours=hours))
        for person in (alice, bob):
            add_work(project, person, [60.0] * 20, at=now - timedelta(hours=2))
        (row,) = rows_of(page_for(client_of(bob), project), "cost-table")
        assert row[2] == row[4] == "–" and row[3].startswith("+40.0")
        (row,) = rows_of(page_for(client_of(alice), project), "cost-table")
        assert row[2] == "40 min 0 s" and row[4].startswith("1.0")

    def test_nor_does_the_report_tell_it(self, project: Project, client_of: ClientOf, alice: User, bob: User) -> None:
        add_work(project, alice, [7.0] * 6)
        add_work(project, bob, [30.0] * 8)
        pages = [client_of(who).get(at("results-report", project)).content.decode() for who in (alice, bob)]
        assert ["breaks left out" in page for page in pages] == [True, False]


class TestWhatIsCounted:
    def test_a_break_counts_as_an_answer_of_median_length(self, project: Project, alice: User, bob: User) -> None:
        add_work(project, bob, [10.0, 10.0, 20.0, 119.0, 3600.0])
        found = effort(project, alice)
        assert (found.work.seconds, found.work.breaks) == (10 + 10 + 20 + 119 + 20, 1)
        assert found.people[0].median_s == 20

    def test_a_slow_reader_s_break_is_longer(self, project: Project, alice: User, bob: User) -> None:
        add_work(project, alice, [5.0] * 5 + [250.0])
        add_work(project, bob, [60.0] * 5 + [250.0, 301.0])
        assert {row.name: row.work.breaks for row in effort(project, alice).people} == {"alice": 1, "bob": 1}

    @pytest.mark.parametrize("count", [1, 2, 5, 6, 9, 40])
    def test_the_median_is_the_middle_answer_s(self, project: Project, alice: User, bob: User, count: int) -> None:
        add_work(project, bob, [float(n * n) for n in range(count)])
        add_work(project, alice, [1000.0])
        middle = sorted(float(n * n) for n in range(count))
        expected = (middle[(count - 1) // 2] + middle[count // 2]) / 2
        assert medians(project).by_person == {bob.pk: expected, alice.pk: 1000.0}

    def test_skips_and_answers_taken_back_are_work_and_no_labels(self, project: Project, alice: User) -> None:
        add_work(project, alice, [10.0] * 4)
        add_work(project, alice, [10.0] * 2, status=Annotation.Status.SKIPPED)
        add_work(project, alice, [10.0] * 2, taken_back=True)
        work = effort(project, alice).work
        assert (work.labels, work.answers, work.seconds, work.labels_an_hour) == (4, 8, 80, 180)

    def test_imported_labels_are_neither(self, project: Project, alice: User) -> None:
        add_work(project, alice, [None] * 7, source=Source.IMPORT)
        found = effort(project, alice)
        assert found.work.labels == found.work.answers == 0 and found.people == []

    def test_an_answer_to_a_gold_text_is_work_and_no_label(self, project: Project, alice: User) -> None:
        add_work(project, alice, [10.0] * 5)
        add_work(project, alice, [20.0], source=Source.GOLD)
        work = effort(project, alice).work
        assert (work.labels, work.answers, work.seconds) == (5, 6, 70.0)

    def test_a_list_that_was_labelled_at_once_is_no_day_s_work(self, project: Project, alice: User) -> None:
        add_work(project, alice, [10.0] * 5)
        add_work(project, alice, [None] * 300, source=Source.SEARCH)
        add_work(project, alice, [4.0], source=Source.SEARCH)  # one that was read
        work = effort(project, alice).work
        assert (work.labels, work.seconds) == (6, 54.0)

    def test_labels_nobody_timed_are_labels_and_make_no_rate(self, project: Project, alice: User) -> None:
        add_work(project, alice, [None] * 20 + [10.0] * 5)
        work = effort(project, alice).work
        assert (work.labels, work.timed, work.labels_an_hour) == (25, 5, 360)


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
