"""Where a model errs: what somebody sees on the page, what its links lead to, and what it costs."""

import re
from collections.abc import Callable

import altair
import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from labeller.insight.answers import Answer
from labeller.insight.reliability_chart import Calibration, reliability_spec
from labeller.learning.models import LoopState
from labeller.projects.models import Project, User
from tests.cast import join, make_project
from tests.insight.scored import add_version, answered

ClientOf = Callable[[User], Client]
LABELS = ("Change", "Court", "Other")


@pytest.fixture
def judged(project: Project) -> Project:
    """Forty audit texts; six clauses on courts are taken for changes, the last of them most surely."""
    gold = ["Court"] * 16 + ["Change"] * 14 + ["Other"] * 10
    answered(project, [f"Text {at}." for at in range(40)], gold, ["Change"] * 6 + gold[6:])
    return project


def open_errors(client: Client, project: Project, **query: object) -> str:
    answer = client.get(reverse("results-errors", args=[project.slug]), query)
    assert answer.status_code == 200
    return answer.content.decode()


def cells(page: str, table: str) -> list[list[str]]:
    body = page.split(f'id="{table}"')[1].split("<tbody>")[1].split("</tbody>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", body, re.S)
    return [
        [
            " ".join(re.sub(r"<[^>]+>", " ", cell).split())
            for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.S)
        ]
        for row in rows
    ]


class TestSomebodyLooksAtWhatIsConfused:
    def test_the_sentence_counts_the_wrong_answers(self, judged: Project, client_of: ClientOf, rita: User) -> None:
        assert "Model 1 is wrong on 6 of 40 audit texts." in open_errors(client_of(rita), judged)

    def test_the_matrix_has_a_row_for_what_people_say(self, judged: Project, client_of: ClientOf, rita: User) -> None:
        assert cells(open_errors(client_of(rita), judged), "confusion") == [
            ["Change", "14", "0", "0", "14"],
            ["Court", "6", "10", "0", "16"],
            ["Other", "0", "0", "10", "10"],
        ]

    def test_a_cell_leads_to_its_texts(self, judged: Project, client_of: ClientOf, rita: User) -> None:
        client = client_of(rita)
        page = open_errors(client, judged)
        link = re.search(r'href="([^"]+)" aria-label="6 texts: Court taken for Change"', page)
        assert link is not None
        listed = client.get(link[1].replace("&amp;", "&")).content.decode()
        assert "<h1>Court, taken for Change</h1>" in listed and "6 audit texts" in listed
        assert re.findall(r"Text \d+\.", listed) == [f"Text {at}." for at in (5, 4, 3, 2, 1, 0)]  # the surest first

    def test_of_seventy_seven_labels_only_the_confused_are_in_the_table(self, client_of: ClientOf, alice: User) -> None:
        project = make_project(labels=[f"Intent {at}" for at in range(77)])
        join(project, alice, "manager")
        gold = [f"Intent {at % 70}" for at in range(140)]
        answered(project, [f"Text {at}." for at in range(140)], gold, [*gold[:138], "Intent 0", "Intent 1"])
        page = open_errors(client_of(alice), project)
        assert [row[0] for row in cells(page, "confusion")] == ["Intent 0", "Intent 1", "Intent 68", "Intent 69"]
        assert "66 labels never confused with another" in page and "7 labels not in the audit yet" in page

    def test_with_several_labels_each_is_found_missed_or_given_wrongly(self, client_of: ClientOf, alice: User) -> None:
        project = make_project(kind="multi")
        join(project, alice, "manager")
        gold = ["Change", "Change+Court", "", "Court"]
        answered(project, [f"Text {at}." for at in range(4)], gold, ["Change", "Court", "Change", "Court"])
        client = client_of(alice)
        page = open_errors(client, project)
        assert cells(page, "outcomes") == [["Change", "1", "1", "1", "1"], ["Court", "2", "0", "0", "2"]]
        assert "1 label neither true nor given in the audit" in page
        link = re.search(r'href="([^"]+)" aria-label="1 text: Change, given wrongly"', page)
        assert link is not None
        listed = client.get(link[1].replace("&amp;", "&")).content.decode()
        assert "Text 2." in listed and "none of the labels" in listed and "Text 0." not in listed


class TestSomebodyAsksHowSureItMayBe:
    def test_the_table_has_the_bins_of_the_picture(self, judged: Project, client_of: ClientOf, rita: User) -> None:
        client = client_of(rita)
        rows = cells(open_errors(client, judged), "reliability")
        spec = client.get(reverse("results-reliability", args=[judged.slug]), {"model": 1}).json()
        drawn = spec["layer"][1]["data"]["values"]
        assert [row[2] for row in rows] == [point["Answers"] for point in drawn] == ["20", "20"]
        assert [row[3] for row in rows] == [re.sub(r"[()]", "", point["Right"]) for point in drawn]
        altair.LayerChart.from_dict(spec, validate=True)

    def test_a_model_made_before_it_was_measured_says_so(
        self, judged: Project, client_of: ClientOf, rita: User
    ) -> None:
        version = judged.versions.get()
        del version.metrics["reliability"]
        version.save()
        client = client_of(rita)
        assert "it was made before confidence was measured" in open_errors(client, judged)
        assert client.get(reverse("results-reliability", args=[judged.slug]), {"model": 1}).status_code == 404

    @pytest.mark.parametrize(
        ("low", "confidence", "words"),
        [(0.0, 0.8, "nothing speaks against"), (0.03, 0.9, "too sure"), (0.03, 0.6, "less sure than it may be")],
    )
    def test_the_sentence_says_which_way_it_errs(self, low: float, confidence: float, words: str) -> None:
        share = {"value": 0.8, "low": 0.7, "high": 0.9}
        stored = {
            "n": 50,
            "by_chance": 0.05,
            "error": {"value": 0.1, "low": low, "high": 0.2},
            "bins": [{"n": 50, "low": 0.5, "high": 1.0, "confidence": confidence, "right": share}],
        }
        calibration = Calibration.read(stored)
        assert calibration is not None and words in calibration.sentence and "10.0 points" in calibration.sentence
        altair.LayerChart.from_dict(reliability_spec(calibration.bins), validate=True)


class TestSomebodyReadsTheMistakes:
    def test_the_surest_come_first_with_both_answers(self, judged: Project, client_of: ClientOf, rita: User) -> None:
        page = open_errors(client_of(rita), judged).split('id="mistakes"')[1].split("<section")[0]
        assert re.findall(r"Text \d+\.", page) == [f"Text {at}." for at in (5, 4, 3, 2, 1, 0)]
        assert page.count("People: <b>Court</b>") == 6 and page.count('Model: <b class="bad">Change</b>') == 6

    def test_many_are_paged(self, project: Project, client_of: ClientOf, rita: User) -> None:
        answered(project, [f"Text {at}." for at in range(60)], ["Court"] * 60, ["Change"] * 60)
        client = client_of(rita)
        assert "All 60 wrong answers" in open_errors(client, project)
        address = reverse("results-errors-texts", args=[project.slug])
        last = client.get(address, {"model": 1, "page": 3}).content.decode()
        assert "Page 3 of 3" in last and len(re.findall(r"Text \d+\.", last)) == 10
        assert "model=1&amp;page=2" in last

    def test_a_text_opens_whole_with_what_every_model_said(
        self, judged: Project, client_of: ClientOf, rita: User
    ) -> None:
        answered(judged, ["Text 0."], ["Court"], ["Court"], kind="full")
        document = judged.documents.get(text="Text 0.")
        document.metadata = {"source": "<b>terms</b>"}
        document.save()
        page = client_of(rita).get(reverse("results-errors-text", args=[judged.slug, document.pk])).content.decode()
        assert cells(page, "history") == [
            ["2 full", "Court , right", "90 %", "Court"], ["1 quick", "Change , wrong", "90 %", "Court"],
        ]  # fmt: skip
        assert "&lt;b&gt;terms" in page

    def test_only_texts_that_measured_a_model_open(self, judged: Project, client_of: ClientOf, rita: User) -> None:
        other = make_project(name="Elsewhere")
        answered(other, ["Theirs."], ["Court"], ["Court"])
        client = client_of(rita)
        for text in (other.documents.get(), judged.documents.create(text="New.", text_hash="0", draw=0.5)):
            assert client.get(reverse("results-errors-text", args=[judged.slug, text.pk])).status_code == 404

    @pytest.mark.parametrize(
        ("gold", "said", "proba", "sure"),
        [
            ({1}, {2}, {1: 0.2, 2: 0.7, 3: 0.1}, 0.7),
            ({1}, {1}, {1: 0.9, 2: 0.1}, 0.9),
            ({1, 2}, {1}, {1: 0.9, 2: 0.3}, 0.7),  # what it missed it held for 30 % likely
            (set(), {2}, {1: 0.1, 2: 0.6}, 0.6),
            (set(), set(), {1: 0.1, 2: 0.2}, 0.8),
            ({9}, {1}, {1: 0.8, 2: 0.2}, 0.8),  # a label that came later
        ],
    )
    def test_how_sure_it_was_is_told_of_what_it_said(
        self, gold: set[int], said: set[int], proba: dict[int, float], sure: float
    ) -> None:
        assert Answer(1, frozenset(gold), frozenset(said), proba, 9, {}).sure == pytest.approx(sure)


class TestSomebodyLooksAtSlices:
    def test_length_is_there_without_any_field(self, judged: Project, client_of: ClientOf, rita: User) -> None:
        rows = cells(open_errors(client_of(rita), judged), "slice-table")
        assert [row[:2] for row in rows] == [["8", "30"], ["7", "10"]] and rows[1][3] == "fewer than 20 texts"

    def test_a_field_is_chosen_by_name(self, judged: Project, client_of: ClientOf, rita: User) -> None:
        for at, text in enumerate(judged.documents.order_by("id")):
            text.metadata = {"country": "NO" if at < 12 else "IT"}
            text.save()
        rows = cells(open_errors(client_of(rita), judged, by="country"), "slice-table")
        assert [row[:2] for row in rows] == [["IT", "28"], ["NO", "12"]]
        assert rows[0][2].startswith("100.0 %") and rows[1][2].startswith("50.0 %")


class TestWhichModelIsShown:
    def test_the_one_in_use_unless_another_is_asked_for(self, judged: Project, client_of: ClientOf, rita: User) -> None:
        better = answered(judged, ["Text 0."], ["Court"], ["Court"], kind="full")
        better.promoted_at = better.created_at
        better.save()
        LoopState.objects.create(project=judged, serving=better)
        client = client_of(rita)
        assert "Model 2 is right on all 1 audit texts." in open_errors(client, judged)
        assert "Model 1 is wrong on 6 of 40" in open_errors(client, judged, model=1)

    @pytest.mark.parametrize("query", [{"model": 9}, {"model": "first"}, {"model": 1, "gold": 1, "said": 999}])
    def test_what_does_not_exist_is_404(
        self, judged: Project, client_of: ClientOf, rita: User, query: dict[str, object]
    ) -> None:
        assert client_of(rita).get(reverse("results-errors-texts", args=[judged.slug]), query).status_code == 404

    def test_without_audit_texts_it_says_what_to_do(self, project: Project, client_of: ClientOf, bob: User) -> None:
        page = open_errors(client_of(bob), project)
        assert "There is no model to judge yet." in page and "Go on labelling" in page
        add_version(project, n_labels=10, n_audit=0)
        assert "Model 1 was not measured." in open_errors(client_of(bob), project)


class TestWhoMayLook:
    @pytest.mark.parametrize("name", ["results-errors", "results-errors-texts", "results-reliability"])
    def test_members_do_and_strangers_get_404(
        self, name: str, judged: Project, client_of: ClientOf, rita: User, mallory: User
    ) -> None:
        address = reverse(name, args=[judged.slug]) + "?model=1"
        assert client_of(rita).get(address).status_code == 200
        assert client_of(rita).post(address).status_code == 405
        assert client_of(mallory).get(address).status_code == 404

    def test_the_page_keeps_the_strict_policy(self, judged: Project, client_of: ClientOf, rita: User) -> None:
        page = open_errors(client_of(rita), judged)
        assert not re.search(r"<script(?![^>]*\ssrc=)|\sstyle=|\son\w+=|<style", page)

    def test_many_texts_and_labels_cost_as_many_queries_as_few(
        self, judged: Project, client_of: ClientOf, rita: User, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        client = client_of(rita)
        with django_assert_max_num_queries(18):
            open_errors(client, judged)


def test_thirty_answers_all_right_leave_open_how_far_confidence_is_off() -> None:
    right = {"value": 1.0, "low": 0.796, "high": 1.0}
    parts = [{"n": 15, "low": 0.99, "high": 1.0, "confidence": 1.0, "right": right}] * 2
    no_error = {"value": 0.0, "low": 0.0, "high": 0.0}
    found = Calibration.read({"n": 30, "bins": parts, "error": no_error, "by_chance": 0.0})
    assert found is not None and "0.0 points away from the share that is right (0.0 to 11.4)" in found.sentence
