"""Who reads whose effort: all labels are everybody's, and nobody's time is told to another who does not manage."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from labeller.insight.effort_page import Asked
from labeller.learning.models import ModelVersion
from labeller.projects.models import Membership, Project, User
from tests.insight.scored import add_version
from tests.insight.told import at, effort, page_for, rows_of
from tests.insight.worked import add_work

ClientOf = Callable[[User], Client]
PAGES = ("results-effort", "results-effort-live", "results-effort-csv")


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
