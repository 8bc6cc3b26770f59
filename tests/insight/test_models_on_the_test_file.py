"""Models, two compared, one text's history and what a point took, where the test file is what measures."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from labeller.corpus import testset
from labeller.learning.models import ModelVersion
from labeller.projects.merging import merge_labels
from labeller.projects.models import Project, User
from tests.cast import join, make_project
from tests.insight.scored import add_version
from tests.insight.tested import GOLD, add_test_score, add_test_set, mostly_right
from tests.insight.worked import add_work

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]


@pytest.fixture
def unaudited(project: Project) -> Project:
    """No audit; two models measured on a test file of sixty texts, and a third that is not yet."""
    project.audit = False
    project.save()
    made = add_test_set(project, GOLD)
    for number, every in ((1, 3), (2, 6)):
        add_test_score(add_version(project, n_labels=30 * number, n_audit=0), made, mostly_right(GOLD, every=every))
    add_version(project, n_labels=90, n_audit=0)
    return project


def told(client: Client, name: str, project: Project, *rest: object, **query: object) -> str:
    answer = client.get(reverse(name, args=[project.slug, *rest]), query)
    assert answer.status_code == 200
    return answer.content.decode()


class TestTheTableOfModels:
    def test_has_the_test_file_s_figures_where_there_is_no_audit(
        self, unaudited: Project, client_of: ClientOf, rita: User
    ) -> None:
        page = told(client_of(rita), "results-models", unaudited)
        assert "66.7 %" in page and "83.3 %" in page and "Test texts</th>" in page and "Audit texts" not in page
        assert "too few (0)" in page  # of the third
        audit = told(client_of(rita), "results-models", unaudited, on="audit")
        assert "83.3 %" not in audit and "Audit texts</th>" in audit

    def test_offers_to_compare_those_that_the_file_has_measured(
        self, unaudited: Project, client_of: ClientOf, rita: User
    ) -> None:
        page = told(client_of(rita), "results-models", unaudited)
        assert re.findall(r'<option value="(\d)"', page.split('id="b"')[1]) == ["2", "1"]
        assert '<input type="hidden" name="on" value="test">' in page

    def test_follows_a_new_score_and_stays_on_the_file(
        self, unaudited: Project, client_of: ClientOf, rita: User
    ) -> None:
        client = client_of(rita)
        page = told(client, "results-models", unaudited, sort="-labels")
        poll = re.search(r'id="tables" hx-get="([^"]+)"', page)
        assert poll is not None
        address = poll[1].replace("&amp;", "&")
        assert "on=test" in address and "sort=-labels" in address and client.get(address).status_code == 204
        add_test_score(ModelVersion.objects.get(number=3), testset.TestSet.objects.get(), GOLD)
        assert "100.0 %" in client.get(address).content.decode()

    def test_leads_with_macro_f1_where_a_text_may_have_several_labels(self, client_of: ClientOf, rita: User) -> None:
        several = make_project("multi")
        join(several, rita, "reader")
        gold = ["Change+Court", "", "Other"] * 20
        made = add_test_set(several, gold)
        add_test_score(add_version(several, n_labels=20, n_audit=0), made, mostly_right(gold, every=5))
        heads = told(client_of(rita), "results-models", several, on="test").split("<tbody>")[0]
        assert heads.index("Macro-F1") < heads.index("Accuracy")


class TestOneModel:
    def test_says_only_what_the_file_says_where_there_is_no_audit(
        self, unaudited: Project, client_of: ClientOf, rita: User
    ) -> None:
        page = told(client_of(rita), "results-model", unaudited, 2)
        assert "83.3 %" in page and "Audit texts" not in page and "Where it errs on the test file" in page
        form = page.split("results/models/compare/")[1].split("</form>")[0]
        assert 'name="on" value="test"' in form and re.findall(r'option value="(\d)"', form) == ["1"]

    def test_that_nothing_measured_says_so(self, unaudited: Project, client_of: ClientOf, rita: User) -> None:
        page = told(client_of(rita), "results-model", unaudited, 3)
        assert "Texts it was measured on</th><td>none" in page and "Compare with model" not in page


class TestTwoCompared:
    def test_the_sentence_the_figures_and_the_texts_are_those_of_the_file(
        self, unaudited: Project, client_of: ClientOf, rita: User
    ) -> None:
        page = told(client_of(rita), "results-compare", unaudited, a=1, b=2)
        assert "Of 60 test texts model 2 does better on 10 and worse on 0 than model 1." in page
        assert "larger than chance would make it (p below 0.01)" in page
        assert "66.7 %" in page and "83.3 %" in page and "Neither has learnt from any of these texts." in page
        better = page.split('id="better"')[1].split('id="worse"')[0]
        assert sorted(map(int, re.findall(r"number (\d+),", better))) == list(range(3, 60, 6))
        first = testset.TestText.objects.order_by("pk")[3]
        assert reverse("results-errors-text", args=[unaudited.slug, first.pk]) + "?on=test" in better

    def test_the_choice_of_texts_keeps_the_two(self, unaudited: Project, client_of: ClientOf, rita: User) -> None:
        page = told(client_of(rita), "results-compare", unaudited, a=1, b=2, on="test")
        assert 'href="?a=1&amp;b=2&amp;on=audit"' in page
        other = told(client_of(rita), "results-compare", unaudited, a=1, b=2, on="audit")
        assert "These two models have no audit text in common." in other

    def test_a_model_that_waits_to_be_measured_is_said_to_be_so(
        self, unaudited: Project, client_of: ClientOf, rita: User
    ) -> None:
        page = told(client_of(rita), "results-compare", unaudited, a=2, b=3)
        assert "These two models were not both measured on the test file." in page
        assert reverse("results-test", args=[unaudited.slug]) in page

    def test_an_annotator_sees_the_figures_and_no_texts(
        self, unaudited: Project, client_of: ClientOf, bob: User
    ) -> None:
        page = told(client_of(bob), "results-compare", unaudited, a=1, b=2)
        assert "83.3 %" in page and "A text of the exam" not in page


class TestOneTextOfTheFile:
    def test_shows_what_every_model_said_of_it(self, unaudited: Project, client_of: ClientOf, rita: User) -> None:
        text = testset.TestText.objects.order_by("pk")[3]  # "Change"; the first model gives the label before it
        page = told(client_of(rita), "results-errors-text", unaudited, text.pk)
        assert "A text of the test file" in page and text.text in page and "exam.csv" in page
        rows = page.split('id="history"')[1].split("<tbody>")[1].split("</tbody>")[0]
        said = [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in re.findall(r"<tr>.*?</tr>", rows, re.S)]
        assert said == ["2 quick Change , right 90 % Change", "1 quick Other , wrong 90 % Change"]

    def test_is_404_for_annotators_strangers_and_texts_of_the_pool(
        self, unaudited: Project, client_of: ClientOf, alice: User, bob: User, mallory: User
    ) -> None:
        text = testset.TestText.objects.order_by("pk")[0]
        address = reverse("results-errors-text", args=[unaudited.slug, text.pk])
        assert client_of(bob).get(address).status_code == 403
        assert client_of(mallory).get(address).status_code == 404
        assert client_of(alice).get(address, {"on": "audit"}).status_code == 404
        assert client_of(alice).get(reverse("results-errors-text", args=[unaudited.slug, 10**6])).status_code == 404

    def test_costs_a_fixed_number_of_queries(
        self, unaudited: Project, client_of: ClientOf, rita: User, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        made = testset.TestSet.objects.get()
        for at in range(10):
            add_test_score(add_version(unaudited, n_labels=100 + at, n_audit=0), made, GOLD)
        client, text = client_of(rita), testset.TestText.objects.order_by("pk")[7]
        with django_assert_max_num_queries(11):
            assert told(client, "results-errors-text", unaudited, text.pk).count('class="good"') == 12
        with django_assert_max_num_queries(22):
            told(client, "results-models", unaudited)
        with django_assert_max_num_queries(26):
            told(client, "results-compare", unaudited, a=1, b=2)


class TestWhatAPointTook:
    def test_is_counted_on_the_file_whose_texts_both_answered(
        self, project: Project, client_of: ClientOf, alice: User
    ) -> None:
        now = timezone.now()
        made = add_test_set(project, GOLD)
        for n_labels, every, hours in ((50, 2, 5), (100, 4, 1)):
            version = add_version(project, n_labels=n_labels, n_audit=0)
            add_test_score(version, made, mostly_right(GOLD, every=every))
            ModelVersion.objects.filter(pk=version.pk).update(created_at=now - timedelta(hours=hours))
        add_work(project, alice, [60.0] * 25, at=now - timedelta(hours=2))
        client = client_of(alice)
        page = told(client, "results-effort", project, on="test")
        assert "What a point of accuracy took, on the test file" in page
        assert "<td>+25.0 " in page and "<td>1.0 " in page and "the intervals know it" in page
        assert 'id="cost-table"' not in told(client, "results-effort", project)  # nothing on the audit

    def test_with_several_labels_a_text_a_point_of_macro_f1_is_priced(
        self, project: Project, client_of: ClientOf, alice: User
    ) -> None:
        Project.objects.filter(pk=project.pk).update(kind="multi")
        project.refresh_from_db()
        now, made = timezone.now(), add_test_set(project, GOLD)
        for n_labels, said, hours in ((50, ["Change"] * 60, 5), (100, GOLD, 1)):
            version = add_version(project, n_labels=n_labels, n_audit=0)
            add_test_score(version, made, said)
            ModelVersion.objects.filter(pk=version.pk).update(created_at=now - timedelta(hours=hours))
        add_work(project, alice, [60.0] * 25, at=now - timedelta(hours=2))
        page = told(client_of(alice), "results-effort", project, on="test")
        assert "What a point of macro-F1 took, on the test file" in page and "Points of macro-F1" in page
        assert "<td>+83.3 " in page and "point of accuracy" not in page  # from a third of .5 to 1

    @pytest.mark.parametrize("kind", ["single", "multi"])
    def test_a_merge_is_no_gain_for_gold_and_answers_are_read_as_what_the_labels_became(
        self, kind: str, client_of: ClientOf, alice: User
    ) -> None:
        """Of each text both say the same, the first by names of which one has gone since."""
        now, project = timezone.now(), make_project(kind)
        join(project, alice, "manager")
        made = add_test_set(project, GOLD)
        before = add_version(project, n_labels=50, n_audit=0)
        said = mostly_right(GOLD, every=4)
        said = [("Court" if at % 2 else "Change") if name == "Change" else name for at, name in enumerate(said)]
        add_test_score(before, made, said)
        ModelVersion.objects.filter(pk=before.pk).update(created_at=now - timedelta(hours=5))
        merge_labels(project=project, labels=list(project.labels.filter(name__in=("Change", "Court"))), into="Court")
        after = add_version(project, n_labels=100, n_audit=0)
        add_test_score(after, made, ["Court" if name == "Change" else name for name in said])
        add_work(project, alice, [60.0] * 25, at=now - timedelta(hours=2))
        ModelVersion.objects.filter(pk=after.pk).update(created_at=now - timedelta(hours=1))
        page = told(client_of(alice), "results-effort", project, on="test")
        assert (
            ("<td>±0.0 " in page or "<td>+0.0 " in page)
            and "gain may be chance" in page
            and "labels changed in between" not in page
        )

    def test_between_models_that_chose_among_other_labels_nothing_is_priced(
        self, project: Project, client_of: ClientOf, alice: User
    ) -> None:
        made = add_test_set(project, GOLD)
        add_test_score(add_version(project, n_labels=50, n_audit=0), made, mostly_right(GOLD, every=2))
        project.labels.create(name="Fees", position=9, colour="#2b5d8a")
        add_test_score(add_version(project, n_labels=100, n_audit=0), made, GOLD)
        add_work(project, alice, [60.0] * 25)
        assert "labels changed in between" in told(client_of(alice), "results-effort", project, on="test")

    def test_it_costs_one_query_more_than_without_merges_to_read(
        self,
        unaudited: Project,
        client_of: ClientOf,
        alice: User,
        django_assert_max_num_queries: DjangoAssertNumQueries,
    ) -> None:
        add_work(unaudited, alice, [6.0] * 8)
        client = client_of(alice)
        with django_assert_max_num_queries(20):
            told(client, "results-effort", unaudited, on="test")

    def test_without_two_measured_models_it_says_what_is_missing(
        self, unaudited: Project, client_of: ClientOf, alice: User
    ) -> None:
        add_work(unaudited, alice, [6.0] * 8)
        ModelVersion.objects.filter(number=1).delete()
        page = told(client_of(alice), "results-effort", unaudited)
        assert "measured on at least 30 test texts each" in page

    def test_the_live_part_follows_a_new_score(self, unaudited: Project, client_of: ClientOf, alice: User) -> None:
        add_work(unaudited, alice, [6.0] * 8)
        client = client_of(alice)
        poll = re.search(r'id="standing" hx-get="([^"]+)"', told(client, "results-effort", unaudited, target="300"))
        assert poll is not None
        address = poll[1].replace("&amp;", "&")
        assert "target=300" in address and "on=test" in address and client.get(address).status_code == 204
        add_test_score(ModelVersion.objects.get(number=3), testset.TestSet.objects.get(), GOLD)
        assert client.get(address).status_code == 200
