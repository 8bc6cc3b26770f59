"""A run that made no model has a page of its own, and whoever hears of it finds the way there."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from labeller.learning import pulse
from labeller.learning.models import ModelVersion, TrainingRun
from labeller.notices.services import note_run_ended
from labeller.projects.models import Project, User
from tests.cast import make_project
from tests.insight.scored import add_version

ClientOf = Callable[[User], Client]
WHY = "The disk is full: 12 MB are free, and an encoder takes 90."
LOSSES = [{"stage": "fine-tuning", "step": at, "loss": 1 / (at + 1), "seconds": 2.0 * at} for at in range(5)]


@pytest.fixture
def failed(project: Project, alice: User) -> TrainingRun:
    began = timezone.now() - timedelta(seconds=75)
    return TrainingRun.objects.create(
        project=project,
        kind="full",
        state="failed",
        requested_by=alice,
        reason=WHY,
        stage="fine-tuning (48 labels)",
        progress=0.4,
        attempts=1,
        labels_at_start=48,
        log=LOSSES,
        started_at=began,
        finished_at=began + timedelta(seconds=75),
    )


def page_of(client: Client, run: TrainingRun, name: str = "results-run") -> str:
    answer = client.get(reverse(name, args=[run.project.slug, run.key]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_says_why_how_far_it_came_and_shows_its_losses(failed: TrainingRun, client_of: ClientOf, rita: User) -> None:
    page = page_of(client_of(rita), failed)
    assert "Fine-tuning: failed" in page and WHY in page
    assert "1 min 15 s" in page and "fine-tuning (48 labels), 40 % of the whole" in page and "by alice" in page
    assert page.split('id="losses"')[1].count("<tr>") == 1 + len(LOSSES)
    spec = client_of(rita).get(reverse("results-run-loss", args=[failed.project.slug, failed.key])).json()
    assert len(spec["data"]["values"]) == len(LOSSES)


def test_only_a_manager_is_offered_to_start_again(
    failed: TrainingRun, client_of: ClientOf, alice: User, rita: User
) -> None:
    assert "Start a full run again" in page_of(client_of(alice), failed)
    assert "Start a full run again" not in page_of(client_of(rita), failed)


@pytest.mark.parametrize(
    ("kind", "button", "act"),
    [
        ("embed", "Read the texts again", "embed-start"),
        ("test", "Measure again", "test-measure"),
        ("weigh", "Weigh the answers again", "weigh"),
        ("check", "Compare the language models again", "encoder-compare"),
    ],
)
def test_every_kind_has_its_way_out(
    failed: TrainingRun, client_of: ClientOf, alice: User, kind: str, button: str, act: str
) -> None:
    TrainingRun.objects.update(kind=kind)
    page = page_of(client_of(alice), failed)
    assert button in page and f'action="{reverse(act, args=[failed.project.slug])}"' in page


def test_what_is_measured_behind_the_loop_comes_again_by_itself(
    failed: TrainingRun, client_of: ClientOf, alice: User
) -> None:
    TrainingRun.objects.update(kind="gauge")
    assert "It comes again by itself as labels grow." in page_of(client_of(alice), failed)


def test_once_started_again_it_leads_to_the_later_run_and_follows_it(
    failed: TrainingRun, client_of: ClientOf, alice: User
) -> None:
    later = TrainingRun.objects.create(project=failed.project, kind="full", state="running", progress=0.25)
    pulse.beat("training")
    client = client_of(alice)
    page = page_of(client, failed)
    assert "A later run</a> is under way: 25 %." in page and "Start a full run again" not in page
    assert reverse("results-run", args=[failed.project.slug, later.key]) in page
    poll = re.search(r'hx-get="([^"]+)" hx-trigger="every 3s"', page)
    assert poll is not None and client.get(poll[1]).status_code == 204
    TrainingRun.objects.filter(pk=later.pk).update(progress=0.5)
    assert "is under way: 50 %." in client.get(poll[1]).content.decode()
    TrainingRun.objects.filter(pk=later.pk).update(state="failed")
    answer = client.get(poll[1])
    part = answer.content.decode()
    assert "There was <a" in part and "Start a full run again" in part and "every 3s" not in part
    assert "HX-Refresh" not in answer.headers and 'id="tables"' not in part  # an open traceback stays as it is
    page = page_of(client, failed)
    assert "There was <a" in page and "Start a full run again" in page and "every 3s" not in page


def test_when_the_run_itself_ends_its_log_and_losses_come_without_a_new_page(
    failed: TrainingRun, client_of: ClientOf, rita: User
) -> None:
    TrainingRun.objects.update(state="running", reason="", log=[])
    client = client_of(rita)
    page = page_of(client, failed)
    assert "This is shown when it has ended." in page and "No loss was noted" not in page
    poll = re.search(r'hx-get="([^"]+)" hx-trigger="every 3s"', page)
    assert poll is not None
    TrainingRun.objects.update(progress=0.5)
    assert 'id="tables"' not in client.get(poll[1]).content.decode()
    TrainingRun.objects.update(state="failed", reason=WHY, log=LOSSES)
    part = client.get(poll[1]).content.decode()
    assert "<html" not in part and WHY in part and "every 3s" not in part
    tables = part.split('<div id="tables" hx-swap-oob="innerHTML">')[1]
    assert tables.split('id="losses"')[1].count("<tr>") == 1 + len(LOSSES)


class TestCancelled:
    @pytest.fixture
    def cancelled(self, failed: TrainingRun) -> TrainingRun:
        TrainingRun.objects.update(state="cancelled", reason="")
        return failed

    @staticmethod
    def stage_of(run: TrainingRun) -> ModelVersion:
        version = add_version(run.project, n_labels=48, n_audit=12, kind="full", promoted=True)
        version.run = run
        version.save(update_fields=["run"])
        return version

    def test_it_names_the_models_that_it_had_made(
        self, cancelled: TrainingRun, client_of: ClientOf, rita: User
    ) -> None:
        self.stage_of(cancelled)
        page = page_of(client_of(rita), cancelled)
        assert "Somebody stopped it. The model that it had made until then stays: model 1." in page
        self.stage_of(cancelled)
        assert "The models that it had made until then stay: models 1, 2." in page_of(client_of(rita), cancelled)

    def test_without_a_model_it_says_so(self, cancelled: TrainingRun, client_of: ClientOf, rita: User) -> None:
        assert "Somebody stopped it before it had made a model." in page_of(client_of(rita), cancelled)

    def test_work_that_makes_no_model_is_only_stopped(
        self, cancelled: TrainingRun, client_of: ClientOf, rita: User
    ) -> None:
        TrainingRun.objects.update(kind="test")
        assert '<p class="lead">Somebody stopped it.</p>' in page_of(client_of(rita), cancelled)

    def test_the_page_of_models_lists_it_among_those_without_a_model_only_while_it_has_none(
        self, cancelled: TrainingRun, client_of: ClientOf, rita: User
    ) -> None:
        client, url = client_of(rita), reverse("results-models", args=[cancelled.project.slug])
        assert "Runs that made no model" in client.get(url).content.decode()
        self.stage_of(cancelled)
        assert "Runs that made no model" not in client.get(url).content.decode()

    def test_work_that_never_makes_a_model_is_listed_as_what_it_is(
        self, cancelled: TrainingRun, client_of: ClientOf, rita: User
    ) -> None:
        TrainingRun.objects.update(kind="gauge")
        page = client_of(rita).get(reverse("results-models", args=[cancelled.project.slug])).content.decode()
        assert "Runs that made no model" not in page
        listed = page.split("Other work that failed or was stopped")[1]
        assert (
            f'<a href="{reverse("results-run", args=[cancelled.project.slug, cancelled.key])}">Measuring</a>' in listed
        )


def test_a_manager_gets_the_whole_error_and_the_log_to_hand_on(
    failed: TrainingRun, client_of: ClientOf, alice: User, rita: User
) -> None:
    failed.log = [*LOSSES, {"error": "Traceback (most recent call last):\nOSError: No space left on device"}]
    failed.save(update_fields=["log"])
    page = page_of(client_of(alice), failed)
    assert "No space left on device" in page and page.split('id="losses"')[1].count("<tr>") == 1 + len(LOSSES)
    text = page_of(client_of(alice), failed, "results-run-log")
    for line in (f"reason: {WHY}", "stage fine-tuning  step 0  loss 1.0  seconds 0.0", "OSError: No space left"):
        assert line in text
    assert "No space left on device" not in page_of(client_of(rita), failed)
    log = reverse("results-run-log", args=[failed.project.slug, failed.key])
    assert client_of(rita).get(log).status_code == 403


def test_a_run_that_died_before_its_first_step_says_so(failed: TrainingRun, client_of: ClientOf, rita: User) -> None:
    failed.log = []
    failed.save(update_fields=["log"])
    page = page_of(client_of(rita), failed)
    assert "No loss was noted: it ended before its first steps of training." in page and "data-chart" not in page


def test_the_page_of_models_and_the_announcement_lead_to_it(
    failed: TrainingRun, client_of: ClientOf, rita: User
) -> None:
    note_run_ended(failed.pk)
    address = reverse("results-run", args=[failed.project.slug, failed.key])
    client, slug = client_of(rita), failed.project.slug
    assert f'<a href="{address}">Fine-tuning</a>' in client.get(reverse("results-models", args=[slug])).content.decode()
    assert f'<a href="{address}">What happened</a>' in client.get(reverse("notices", args=[slug])).content.decode()


def test_a_stranger_and_another_project_get_404(
    failed: TrainingRun, client_of: ClientOf, mallory: User, rita: User
) -> None:
    for name in ("results-run", "results-run-loss"):
        assert client_of(mallory).get(reverse(name, args=[failed.project.slug, failed.key])).status_code == 404
        assert client_of(rita).get(reverse(name, args=[failed.project.slug, uuid4()])).status_code == 404
    other = TrainingRun.objects.create(project=make_project("multi"), kind="full", state="failed")
    assert client_of(rita).get(reverse("results-run", args=[failed.project.slug, other.key])).status_code == 404
