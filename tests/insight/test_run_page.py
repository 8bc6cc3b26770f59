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
from labeller.learning.models import TrainingRun
from labeller.notices.services import note_run_ended
from labeller.projects.models import Project, User
from tests.cast import make_project

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
    assert client.get(poll[1]).headers["HX-Refresh"] == "true"
    page = page_of(client, failed)
    assert "There was <a" in page and "Start a full run again" in page and "every 3s" not in page


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
