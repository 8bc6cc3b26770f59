"""The results measured on the test file: one choice in the address, the same figures wherever they are told."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from labeller.corpus import testset
from labeller.insight.measured_on import ground_of
from labeller.learning import testscores
from labeller.learning.models import LoopState, ModelVersion, TrainingRun
from labeller.projects.models import Project, User
from tests.cast import join, make_project
from tests.insight.scored import add_labels, add_running_score, add_version
from tests.insight.tested import GOLD, add_test_score, add_test_set, mostly_right

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
PAGES = ("results", "results-figures", "results-curve", "results-numbers", "results-csv", "results-errors",
         "results-report")  # fmt: skip


def at(name: str, project: Project) -> str:
    return reverse(name, args=[project.slug])


@pytest.fixture
def examined(project: Project, bob: User) -> Project:
    """Two models with audit figures, both measured on a test file of sixty texts; a third is not yet."""
    add_labels(project, bob, audit=35, active=25)
    made = add_test_set(project, GOLD)
    for number, every in ((1, 3), (2, 6)):
        version = add_version(project, n_labels=30 * number, n_audit=35, right=0.6)
        add_test_score(version, made, mostly_right(GOLD, every=every))
    return project


def told(client: Client, project: Project, name: str, **query: str) -> str:
    return client.get(at(name, project), query).content.decode()


class TestTheSentenceSaysWhatWasMeasuredOn:
    def test_the_audit_unless_the_address_says_otherwise(
        self, examined: Project, rita: User, client_of: ClientOf
    ) -> None:
        client = client_of(rita)
        for query in ({}, {"on": "audit"}):
            page = told(client, examined, "results", **query)
            assert "The model is right on about 60 in 100 texts." in page
            assert "measured on 35 texts drawn at random" in page
        page = told(client, examined, "results", on="test")
        assert "The model is right on about 83 in 100 texts." in page
        assert "measured on 60 texts of the test file exam.csv" in page
        assert (
            "Which model is in use, the forecast, the advice to stop" in page and "drawn at random so far" not in page
        )

    def test_the_choice_is_offered_only_where_there_is_a_test_file(
        self, project: Project, rita: User, client_of: ClientOf
    ) -> None:
        client = client_of(rita)
        assert 'aria-label="Measured on"' not in told(client, project, "results")
        add_test_set(project, GOLD)
        for name in ("results", "results-errors", "results-report"):
            assert 'aria-label="Measured on"' in told(client, project, name)

    def test_where_no_audit_texts_are_drawn_the_test_file_comes_first(
        self, examined: Project, rita: User, client_of: ClientOf
    ) -> None:
        Project.objects.update(audit=False)
        assert "of the test file exam.csv" in told(client_of(rita), examined, "results")
        assert "of the test file exam.csv" in told(client_of(rita), examined, "project")
        testset.TestSet.objects.all().delete()
        assert "of the test file" not in told(client_of(rita), examined, "results")

    def test_a_model_in_use_that_was_not_measured_yet_is_said_to_be_so(
        self, examined: Project, rita: User, client_of: ClientOf
    ) -> None:
        add_version(examined, n_labels=90, n_audit=35)
        page = told(client_of(rita), examined, "results", on="test")
        assert "Model 3 has not been measured on the test file yet." in page
        assert "1 model has not been measured on it yet." in page
        assert 'id="curve-table"' in page  # the others are there

    def test_a_small_file_shows_no_number(self, project: Project, rita: User, client_of: ClientOf) -> None:
        made = add_test_set(project, GOLD[:12])
        add_test_score(add_version(project, n_labels=20, n_audit=0), made, GOLD[:12])
        page = told(client_of(rita), project, "results", on="test")
        assert "The test file is too small to measure a model." in page and "too few (12)" in page
        assert not re.search(r"\d %", page.replace("95 %", ""))

    def test_several_labels_a_text_are_led_by_macro_f1(self, rita: User, client_of: ClientOf) -> None:
        project = make_project("multi")
        join(project, rita, "reader")
        gold = ["Change+Court", "", "Other"] * 20
        made = add_test_set(project, gold)
        add_test_score(add_version(project, n_labels=20, n_audit=0), made, mostly_right(gold, every=5))
        page = told(client_of(rita), project, "results", on="test")
        assert "The model finds the labels with a macro-F1 of about" in page

    @pytest.mark.parametrize("name", PAGES)
    def test_another_word_or_a_file_that_there_is_not_is_404(
        self, name: str, project: Project, rita: User, client_of: ClientOf
    ) -> None:
        client = client_of(rita)
        assert client.get(at(name, project), {"on": "luck"}).status_code == 404
        assert client.get(at(name, project), {"on": "test"}).status_code == 404

    @pytest.mark.parametrize("name", PAGES)
    def test_a_stranger_sees_nothing(self, name: str, examined: Project, mallory: User, client_of: ClientOf) -> None:
        assert client_of(mallory).get(at(name, examined), {"on": "test"}).status_code == 404


class TestTheCurve:
    def test_the_csv_the_chart_and_the_numbers_tell_the_same(
        self, examined: Project, rita: User, client_of: ClientOf
    ) -> None:
        client = client_of(rita)
        rows = list(csv.DictReader(io.StringIO(told(client, examined, "results-csv", on="test"))))
        assert [(row["labels"], row["test_texts"], row["accuracy"]) for row in rows] == [
            ("30", "60", "0.666667"),
            ("60", "60", "0.833333"),
        ]
        spec = client.get(at("results-curve", examined), {"on": "test", "metric": "accuracy"}).json()
        drawn = spec["data"]["values"]
        assert [f"{point['value']:.6f}" for point in drawn] == [row["accuracy"] for row in rows]
        assert [point["Test texts"] for point in drawn] == ["60", "60"] and "Audit texts" not in drawn[0]
        page = told(client, examined, "results-numbers", on="test", metric="accuracy")
        assert "On texts of the test file exam.csv" in page and "83.3 %" in page

    def test_every_figure_and_the_f1_of_a_label_have_an_interval(
        self, examined: Project, rita: User, client_of: ClientOf
    ) -> None:
        client, court = client_of(rita), examined.labels.get(name="Court")
        for metric in ("accuracy", "macro_f1", "micro_f1", "label_f1"):
            query = {"on": "test", "metric": metric, "label": str(court.pk)}
            drawn = client.get(at("results-curve", examined), query).json()["data"]["values"]
            assert len(drawn) == 2
            assert all(0 <= point["low"] <= point["value"] <= point["high"] <= 1 for point in drawn)
            assert all(point["low"] < point["high"] for point in drawn)
            if metric == "label_f1":
                assert [point["With the label"] for point in drawn] == ["20", "20"]

    def test_lines_of_the_audit_are_not_drawn_beside_other_texts(
        self, examined: Project, rita: User, client_of: ClientOf
    ) -> None:
        add_running_score(examined, n_labels=60, n_texts=40)
        client, query = client_of(rita), {"line": "running", "metric": "accuracy"}
        points = client.get(at("results-curve", examined), query).json()["data"]["values"]
        assert "test-then-train" in [point["kind"] for point in points]
        points = client.get(at("results-curve", examined), query | {"on": "test"}).json()["data"]["values"]
        assert {point["kind"] for point in points} == {"quick"}

    def test_the_live_part_follows_a_new_score(self, examined: Project, rita: User, client_of: ClientOf) -> None:
        version = add_version(examined, n_labels=90, n_audit=35)
        client = client_of(rita)
        page = told(client, examined, "results", on="test")
        poll = re.search(r'id="standing" hx-get="([^"]+)"', page)
        assert poll is not None
        address = poll[1].replace("&amp;", "&")
        assert "on=test" in address and client.get(address).status_code == 204
        add_test_score(version, testset.TestSet.objects.get(), GOLD)
        fragment = client.get(address).content.decode()
        assert "Right on all 60 texts of the test file" in fragment and "to 100 of 100." in fragment
        assert "outlook" not in fragment

    def test_two_hundred_models_cost_as_many_queries_as_two(
        self, examined: Project, rita: User, client_of: ClientOf, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        made, first = testset.TestSet.objects.get(), testscores.TestScore.objects.first()
        assert first is not None
        for n_labels in range(100, 140):
            version = add_version(examined, n_labels=n_labels, n_audit=0)
            testscores.TestScore.objects.create(
                version=version, test_set=made, n_texts=60, label_ids=first.label_ids, metrics=first.metrics
            )
        client = client_of(rita)
        for name, most in (("results", 19), ("results-figures", 22), ("results-test", 14), ("results-report", 28)):
            with django_assert_max_num_queries(most):
                client.get(at(name, examined), {"on": "test"})


class TestWhereItErrs:
    def test_confusion_labels_confidence_mistakes_and_slices_are_those_of_the_file(
        self, examined: Project, rita: User, client_of: ClientOf
    ) -> None:
        client = client_of(rita)
        page = told(client, examined, "results-errors", on="test")
        assert "Model 2 is wrong on 10 of 60 test texts." in page
        assert "On texts of the test file exam.csv, none of which it has learnt from." in page
        assert 'aria-label="10 texts: Change taken for Other"' in page
        assert "A text of the exam, number 0, about Change." in page
        assert "?on=test" in page.split("Open<")[0].rsplit("href", 1)[1]
        page = told(client, examined, "results-errors", on="test", model="1", by="country")
        assert "Model 1 is wrong on 20 of 60 test texts." in page and "Norway" in page
        spec = client.get(at("results-reliability", examined), {"on": "test", "model": "2"})
        assert spec.status_code == 200

    def test_a_cell_leads_to_its_texts(self, examined: Project, rita: User, client_of: ClientOf) -> None:
        client = client_of(rita)
        page = told(client, examined, "results-errors", on="test")
        link = re.search(r'href="([^"]+)" aria-label="10 texts: Change taken for Other"', page)
        assert link is not None
        page = client.get(link[1].replace("&amp;", "&")).content.decode()
        assert "Change, taken for Other" in page and "10 test texts, as model 2 answered." in page

    def test_a_model_that_was_not_measured_says_so(self, examined: Project, rita: User, client_of: ClientOf) -> None:
        add_version(examined, n_labels=90, n_audit=35)
        page = told(client_of(rita), examined, "results-errors", on="test")
        assert "Model 3 was not measured." in page and "measured on the test file in the background" in page


class TestTheReport:
    def test_it_says_what_it_stands_on_and_names_the_file(
        self, examined: Project, alice: User, client_of: ClientOf
    ) -> None:
        client = client_of(alice)
        page = told(client, examined, "results-report", on="test")
        assert "on texts of the test file exam.csv, against number of labels" in page
        assert "the model in use was not chosen by them" in page and "83.3 %" in page
        assert "?on=test" in page  # the file to hand on is of the same
        handed_on = told(client, examined, "results-report-file", on="test")
        assert "of the test file exam.csv" in handed_on and "ab" * 32 in handed_on
        page = told(client, examined, "results-report")
        assert "drawn uniformly at random" in page and "60 texts that only measure" in page


class TestThePageOfAModel:
    def test_it_tells_both_figures_side_by_side(self, examined: Project, rita: User, client_of: ClientOf) -> None:
        page = client_of(rita).get(reverse("results-model", args=[examined.slug, 2])).content.decode()
        assert "60.0 %" in page and "83.3 %" in page and "Accuracy on them" in page
        add_version(examined, n_labels=90, n_audit=35)
        page = client_of(rita).get(reverse("results-model", args=[examined.slug, 3])).content.decode()
        assert "Accuracy on them" not in page


class TestThePageOfTheTestFile:
    def test_without_one_a_manager_is_told_what_to_do_and_a_reader_whom_to_ask(
        self, project: Project, alice: User, rita: User, client_of: ClientOf
    ) -> None:
        page = told(client_of(alice), project, "results-test")
        assert "There is no test file." in page and at("import-new-test", project) in page
        page = told(client_of(rita), project, "results-test")
        assert "A manager of this project can upload one." in page and at("import-new-test", project) not in page

    def test_it_tells_what_the_file_holds_and_how_good_models_are_on_it(
        self, examined: Project, alice: User, rita: User, client_of: ClientOf
    ) -> None:
        page = told(client_of(rita), examined, "results-test")
        assert "60 texts that only measure models" in page
        assert "The model in use is not chosen by them." in page
        assert "66.7 %" in page and "83.3 %" in page and "Replace it" not in page
        assert "Replace it…" in told(client_of(alice), examined, "results-test")

    def test_models_that_wait_can_be_measured_and_progress_is_followed(
        self, examined: Project, alice: User, client_of: ClientOf
    ) -> None:
        add_version(examined, n_labels=90, n_audit=35)
        client = client_of(alice)
        page = told(client, examined, "results-test")
        assert "1 model has not been measured on it yet." in page and "Measure it now" in page
        client.post(at("test-measure", examined))
        run = TrainingRun.objects.get(kind="test")
        page = told(client, examined, "results-test")
        assert "Measuring on the test file waits for a worker." in page and "Measure it now" not in page
        poll = re.search(r'id="scores-live" hx-get="([^"]+)"', page)
        assert poll is not None and client.get(poll[1]).status_code == 204
        TrainingRun.objects.filter(pk=run.pk).update(state="failed", reason="Out of memory.")
        page = client.get(poll[1]).content.decode()
        assert "Measuring on the test file failed." in page and at("test-measure", examined) in page

    def test_a_stranger_gets_404(self, examined: Project, mallory: User, client_of: ClientOf) -> None:
        for name in ("results-test", "results-test-live"):
            assert client_of(mallory).get(at(name, examined)).status_code == 404


class TestItDecidesNothing:
    def test_which_model_is_in_use_stays_as_it_was(self, examined: Project, rita: User, client_of: ClientOf) -> None:
        better = add_version(examined, n_labels=60, n_audit=35, kind="full")
        add_test_score(better, testset.TestSet.objects.get(), GOLD)
        page = told(client_of(rita), examined, "results", on="test")
        assert "model 2" in page and "The model is right on about 83 in 100 texts." in page
        assert not LoopState.objects.filter(serving=better).exists()
        assert ModelVersion.objects.get(pk=better.pk).promoted_at is None


def test_the_ground_of_a_project_follows_from_its_address_and_whether_it_draws_an_audit(project: Project) -> None:
    assert ground_of(project, QueryDict()).on == "audit"
    add_test_set(project, GOLD)
    assert [ground_of(project, QueryDict(query)).on for query in ("", "on=audit", "on=test")] == [
        "audit", "audit", "test",
    ]  # fmt: skip
    project.audit = False
    assert [ground_of(project, QueryDict(query)).on for query in ("", "on=audit", "on=test")] == [
        "test", "audit", "test",
    ]  # fmt: skip
