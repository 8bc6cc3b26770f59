"""One model's own page, and two models compared."""

import csv
import html
import re
from collections.abc import Callable
from typing import get_args

import altair
import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from labeller.insight.answers import Answer
from labeller.insight.comparison import compare
from labeller.insight.loop import Loop
from labeller.insight.selectors import versions
from labeller.insight.sentences import state_of
from labeller.insight.templatetags.model_settings import TEACHERS
from labeller.learning.id_ranges import pack
from labeller.learning.models import LoopState, TrainingRun, VersionSnapshot
from labeller.projects.models import Project, User
from modelsvc.full_run.recipe_config import Teacher
from tests.cast import make_project
from tests.insight.scored import add_labels, add_version, answered

ClientOf = Callable[[User], Client]
TEXTS = [f"Text {at}." for at in range(40)]
GOLD = ["Court"] * 20 + ["Change"] * 20
LOG = [
    {"stage": "comparing texts", "step": 9, "loss": 0.7, "seconds": 2.5},
    {"stage": "comparing texts", "step": 19, "loss": 0.2, "seconds": 75.0},
    {"promotion": "Promoted: 12 of 12."},
]


@pytest.fixture
def two(project: Project) -> Project:
    """Model 1 is wrong on the first six texts, model 2 on the last two."""
    answered(project, TEXTS, GOLD, ["Other"] * 6 + GOLD[6:])
    answered(project, TEXTS, GOLD, [*GOLD[:38], "Other", "Other"], kind="full")
    return project


def get(client: Client, name: str, project: Project, *rest: object, **query: object) -> str:
    answer = client.get(reverse(name, args=[project.slug, *rest]), query)
    assert answer.status_code == 200
    return answer.content.decode()


class TestOneModel:
    def test_it_tells_what_it_was_made_of(self, project: Project, client_of: ClientOf, rita: User) -> None:
        version = add_version(project, n_labels=40, n_audit=31, kind="full", promoted=True)
        version.settings = {
            "why": "Tuned on pairs.",
            "fine_tuning_s": 30.5,
            "label_counts": {"Change": 21, "Court": 19},
            "recipe": {"pairs": {"steps": 20}},
        }
        version.save()
        page = html.unescape(get(client_of(rita), "results-model", project, 1))
        assert 'Recipe changed by</dt><dd class="num">{"pairs": {"steps": 20}}</dd>' in page
        for told in ("Tuned on pairs.", "Fine tuning, seconds", "30.5", "0" * 64, "all-MiniLM-L6-v2", "48 s"):
            assert told in page
        assert re.search(r"Change</th><td>21</td>", page) and "It read the texts once." in page
        assert "reproduce_version terms-of-service 1" in page

    def test_it_says_which_texts_taught_it_and_how_in_words(
        self, project: Project, client_of: ClientOf, rita: User
    ) -> None:
        version = add_version(project, n_labels=92, n_audit=30, kind="full", promoted=True)
        version.settings = {"teacher": "contrastive", "labels": 62, "taught": 62}
        version.save()
        page = html.unescape(get(client_of(rita), "results-model", project, 1))
        assert "92 labelled texts. 62 taught the language model; 30 were set apart to measure it" in page
        assert "pairs of texts, of one label or of two" in page and "contrastive" not in page
        assert "Taught</dt>" not in page and "Labels</dt>" not in page
        assert set(TEACHERS) == {*get_args(Teacher)} - {"auto"}

    def test_its_answers_are_a_file(self, project: Project, client_of: ClientOf, alice: User, rita: User) -> None:
        add_labels(project, alice, audit=3, active=2)
        project.documents.update(external_id="=1+1")
        version = add_version(project, n_labels=5, n_audit=3)
        client = client_of(rita)
        assert "was made before that was kept" in get(client, "results-model", project, 1)
        assert client.get(reverse("results-snapshot", args=[project.slug, 1])).status_code == 404
        ids = list(project.annotations.order_by("id").values_list("id", flat=True))
        VersionSnapshot.objects.create(version=version, annotations=pack(ids[:4]))
        answer = client.get(reverse("results-snapshot", args=[project.slug, 1]))
        rows = list(csv.DictReader(b"".join(answer.streaming_content).decode().splitlines()))  # type: ignore[attr-defined]
        assert [int(row["answer"]) for row in rows] == ids[:4]
        assert rows[0]["labels"] == "Change" and rows[0]["source"] == "audit" and rows[0]["id"] == "'=1+1"

    def test_the_run_s_losses_are_a_picture_and_a_table(
        self, project: Project, client_of: ClientOf, rita: User
    ) -> None:
        version = add_version(project, n_labels=40, n_audit=31, kind="full")
        client = client_of(rita)
        assert "How its run went" not in get(client, "results-model", project, 1)
        version.run = TrainingRun.objects.create(project=project, kind="full", state="done", log=LOG)
        version.save()
        page = get(client, "results-model", project, 1)
        assert "<td>0.7000</td><td>2.5 s</td>" in page and "<td>0.2000</td><td>1 min 15 s</td>" in page
        spec = client.get(reverse("results-loss", args=[project.slug, 1])).json()
        altair.LayerChart.from_dict(spec, validate=True)
        assert [point["loss"] for point in spec["data"]["values"]] == [0.7, 0.2]

    def test_only_a_manager_sees_what_can_be_done(
        self, project: Project, client_of: ClientOf, alice: User, rita: User
    ) -> None:
        serving = add_version(project, n_labels=40, n_audit=31, kind="full", promoted=True)
        add_version(project, n_labels=50, n_audit=31, kind="full")
        LoopState.objects.create(project=project, serving=serving)
        manager = get(client_of(alice), "results-model", project, 1)
        assert reverse("model-export", args=[project.slug, 1]) in manager
        assert ">Pin</button>" in manager and "Delete its files" not in manager
        other = get(client_of(alice), "results-model", project, 2)
        assert ">Let it serve</button>" in other and "Delete its files" in other and ">Pin<" not in other
        reader = get(client_of(rita), "results-model", project, 2)
        assert "Let it serve" not in reader and "Delete its files" not in reader

    @pytest.mark.parametrize(
        ("loop", "words"),
        [
            (Loop(serving=1), "A later model takes over when nothing speaks against it."),
            (Loop(serving=1, pinned=True), "none takes over until somebody unpins it"),
            (Loop(serving=2, returning=1), "until then model 2 goes on"),
            (Loop(serving=None, returning=1), "until then the language model as it came goes on"),
            (Loop(serving=2), "It read the texts once."),
        ],
    )
    def test_the_sentence_says_what_it_does_now(self, project: Project, loop: Loop, words: str) -> None:
        add_version(project, n_labels=40, n_audit=31, kind="full", promoted=True)
        assert words in state_of(versions(project)[0], loop)

    def test_after_a_way_back_the_results_are_those_of_what_serves(self, project: Project) -> None:
        from labeller.insight.selectors import standing

        old = add_version(project, n_labels=40, n_audit=31, kind="full", promoted=True)
        new = add_version(project, n_labels=60, n_audit=35, kind="full", promoted=True)
        add_version(project, n_labels=70, n_audit=36, base=new)
        LoopState.objects.create(project=project, serving=old)
        current = standing(project, versions(project)).current
        assert current is not None and current.number == old.number
        over_it = add_version(project, n_labels=75, n_audit=36, base=old)
        current = standing(project, versions(project)).current
        assert current is not None and current.number == over_it.number


class TestTwoCompared:
    def test_the_sentence_the_figures_and_the_texts_agree(self, two: Project, client_of: ClientOf, rita: User) -> None:
        page = get(client_of(rita), "results-compare", two, a=1, b=2)
        assert "Of 40 audit texts model 2 does better on 6 and worse on 2 than model 1." in page
        assert "So small a difference may be chance (p 0.18)" in page
        assert "85.0 %" in page and "95.0 %" in page
        better, worse = page.split('id="better"')[1].split('id="worse"')
        assert sorted(re.findall(r"Text \d+\.", better)) == TEXTS[:6]
        assert sorted(re.findall(r"Text \d+\.", worse)) == TEXTS[38:]
        other_way = get(client_of(rita), "results-compare", two, a=2, b=1)
        assert "model 1 does better on 2 and worse on 6 than model 2" in other_way

    def test_without_a_common_text_it_says_so(self, two: Project, client_of: ClientOf, rita: User) -> None:
        add_version(two, n_labels=50, n_audit=0)
        assert "have no audit text in common" in get(client_of(rita), "results-compare", two, a=1, b=3)

    @pytest.mark.parametrize("query", [{}, {"a": 1}, {"a": 1, "b": 9}, {"a": "x", "b": 1}])
    def test_what_does_not_exist_is_404(
        self, two: Project, client_of: ClientOf, rita: User, query: dict[str, object]
    ) -> None:
        assert client_of(rita).get(reverse("results-compare", args=[two.slug]), query).status_code == 404

    def test_a_text_that_people_judged_anew_compares_nothing(self) -> None:
        before = [said(1, gold={1}, said={1}), said(2, gold={1}, said={2})]
        after = [said(1, gold={2}, said={2}), said(2, gold={1}, said={1}), said(3, gold={1}, said={1})]
        found = compare(before, after)
        assert (found.n, found.regraded, len(found.better), len(found.worse)) == (1, 1, 1, 0)

    def test_of_several_labels_fewer_wrong_ones_are_better_though_neither_is_right(self) -> None:
        found = compare([said(1, gold={1, 2, 3}, said={1})], [said(1, gold={1, 2, 3}, said={1, 2})])
        assert (len(found.better), len(found.worse)) == (1, 0)

    def test_a_clear_difference_is_called_one(self) -> None:
        before = [said(at, gold={1}, said={2}) for at in range(8)]
        found = compare(before, [said(at, gold={1}, said={1}) for at in range(8)])
        assert found.p < 0.01 and "larger than chance" in found.sentence
        assert compare(before, before).sentence == "They make the same mistakes."


class TestWhoMayLook:
    @pytest.mark.parametrize(("name", "rest"), [("results-model", [1]), ("results-loss", [1]), ("results-compare", [])])
    def test_members_do_and_strangers_get_404(
        self, name: str, rest: list[int], two: Project, client_of: ClientOf, rita: User, mallory: User
    ) -> None:
        address = reverse(name, args=[two.slug, *rest]) + "?a=1&b=2"
        assert client_of(rita).get(address).status_code == 200
        assert client_of(rita).post(address).status_code == 405
        assert client_of(mallory).get(address).status_code == 404

    def test_another_project_s_models_stay_there(self, two: Project, client_of: ClientOf, rita: User) -> None:
        other = make_project(name="Elsewhere")
        for _ in range(3):
            add_version(other, n_labels=9, n_audit=0)
        assert client_of(rita).get(reverse("results-model", args=[two.slug, 3])).status_code == 404

    def test_the_pages_keep_the_strict_policy(self, two: Project, client_of: ClientOf, alice: User) -> None:
        for page in (
            get(client_of(alice), "results-model", two, 2),
            get(client_of(alice), "results-compare", two, a=1, b=2),
        ):
            assert not re.search(r"<script(?![^>]*\ssrc=)|\sstyle=|\son\w+=|<style", page)

    def test_they_cost_a_fixed_number_of_queries(
        self, two: Project, client_of: ClientOf, alice: User, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        client = client_of(alice)
        with django_assert_max_num_queries(24):
            get(client, "results-model", two, 2)
        with django_assert_max_num_queries(23):
            get(client, "results-compare", two, a=1, b=2)


def said(at: int, *, gold: set[int], said: set[int]) -> Answer:
    proba = {label: 0.9 if label in said else 0.05 for label in (1, 2, 3)}
    return Answer(at, frozenset(gold), frozenset(said), proba, 10, {})
