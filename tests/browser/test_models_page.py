"""Models in a real browser: looked at, compared, pinned, rolled back, deleted."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from labeller.learning import artifacts, pulse
from labeller.learning.models import LoopState, ModelVersion, TrainingRun
from labeller.projects.models import Project
from tests.browser.shots import take
from tests.browser.test_axe import complaints
from tests.browser.walker import Walker
from tests.cast import PASSWORD
from tests.insight.scored import answered
from tests.learning.scene import KINDS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LOSSES = [
    {"stage": "comparing texts", "step": 9 * at, "loss": round(0.8 / at, 4), "seconds": 1.3 * at} for at in range(1, 31)
]


@pytest.fixture
def trained(project: Project) -> Project:
    """Three full models, the second serving; the third was not promoted."""
    call_command("build_charts", verbosity=0)
    gold = [kind for kind, texts in KINDS.items() for _ in texts]
    texts = [text for texts in KINDS.values() for text in texts]
    for wrong in (9, 4, 6):
        version = answered(project, texts, gold, ["Other"] * wrong + gold[wrong:], kind="full")
        version.run = TrainingRun.objects.create(project=project, kind="full", state="done", log=LOSSES)
        version.settings = {
            "why": "Tuned on pairs of texts: 60 labels make many pairs.",
            "label_counts": dict.fromkeys(KINDS, 20),
            "stage": "labels",
            "fine_tuning_s": 31.2,
            "promotion": "Promoted: 26 of 30 audit texts right, 21 before (p of being worse 0.98).",
        }
        version.promoted_at = None if wrong == 6 else version.created_at
        version.save()
        encoder = artifacts.version_folder(project.pk, version.number) / "encoder"
        encoder.mkdir(parents=True)
        (encoder / "model.safetensors").write_bytes(b"0" * 90_000)
    LoopState.objects.create(project=project, serving=ModelVersion.objects.get(number=2))
    return project


def test_a_manager_pins_goes_back_and_tidies_up(browser: Any, live_server: LiveServer, trained: Project) -> None:
    walker = Walker(browser, live_server.url)
    walker.sign_in("alice", PASSWORD)
    page = walker.page
    page.goto(live_server.url + reverse("results", args=[trained.slug]))
    walker.go_to_part("Models")
    take(page, "models", whole=True)

    page.get_by_role("link", name="Model 2").first.click()
    page.wait_for_selector("figure[data-drawn] svg")
    take(page, "model", whole=True)
    page.get_by_role("button", name="Pin", exact=True).click()
    page.get_by_text("It is pinned: later runs are trained and measured").wait_for()
    page.get_by_role("button", name="Unpin").click()
    page.get_by_role("button", name="Pin", exact=True).wait_for()

    page.get_by_label("Compare with model").select_option("1")
    page.get_by_role("button", name="Compare").click()
    page.get_by_role("heading", name="model 2 does better on 5 and worse on 0 than model 1").wait_for()
    take(page, "compare", whole=True)

    pulse.beat("training")
    page.goto(live_server.url + reverse("results-model", args=[trained.slug, 1]))
    page.get_by_role("button", name="Let it serve again").click()
    page.get_by_text("Model 1 is to read the texts again.").wait_for()
    TrainingRun.objects.filter(kind="embed").update(state="running", progress=0.4, stage="12 of 30 texts")
    walker.go_to_part("Models")
    page.get_by_text("12 of 30 texts").wait_for()
    take(page, "models-back", whole=True)
    LoopState.objects.update(serving=ModelVersion.objects.get(number=1), returning=None)
    page.get_by_text("Model 1 reads the texts.").wait_for()  # without a reload

    page.get_by_role("link", name="Model 3").first.click()
    page.get_by_role("link", name="Delete its files…").click()
    page.get_by_text("This frees").wait_for()
    take(page, "model-delete")
    page.get_by_role("button", name="Delete the files of model 3").click()
    page.get_by_text("Its figures and its point of the curve stay.").wait_for()
    assert not artifacts.version_folder(trained.pk, 3).exists()
    assert walker.complaints == []


def test_several_models_are_ordered_by_size_ticked_and_deleted(
    browser: Any, live_server: LiveServer, trained: Project
) -> None:
    walker = Walker(browser, live_server.url)
    walker.sign_in("alice", PASSWORD)
    page = walker.page
    page.goto(live_server.url + reverse("results-models", args=[trained.slug]))
    assert page.locator("#tick-2").count() == 0  # it serves
    page.locator("#tick-1").focus()
    page.keyboard.press("Space")
    assert page.locator("#tick-1").is_checked()
    ModelVersion.objects.get(number=2).exports.create(state="queued")
    page.get_by_text("Waiting…").wait_for()  # the table was replaced
    assert page.locator("#tick-1").is_checked()
    assert page.evaluate("document.activeElement.id") == "tick-1"
    page.locator("label.tick", has=page.locator("#tick-3")).click()
    assert list(complaints(page)) == []
    take(page, "models-ticked", whole=True)
    page.get_by_role("button", name="Delete the files of the ticked models").click()
    page.get_by_role("heading", name="Delete the files of 2 models?").wait_for()
    take(page, "models-delete-several")
    page.get_by_role("button", name="Delete the files of 2 models").click()
    page.get_by_text("The files of 2 models are deleted;").wait_for()
    assert page.locator("#on-disk").inner_text().startswith("1 model takes")
    page.get_by_role("link", name="Labels", exact=True).click()
    page.locator("th[aria-sort=descending]", has_text="Labels").wait_for()
    page.get_by_role("link", name="Labels", exact=True).click()
    page.locator("th[aria-sort=ascending]", has_text="Labels").wait_for()
    assert walker.complaints == []


def test_a_failed_run_is_started_again_and_followed(browser: Any, live_server: LiveServer, trained: Project) -> None:
    error = "Traceback (most recent call last):\n  ...\nOSError: [Errno 28] No space left on device"
    failed = TrainingRun.objects.create(
        project=trained,
        kind="full",
        state="failed",
        reason="OSError: [Errno 28] No space left on device",
        log=[*LOSSES[:9], {"error": error}],
        stage="comparing texts",
        progress=0.3,
        attempts=1,
    )
    walker = Walker(browser, live_server.url)
    walker.sign_in("alice", PASSWORD)
    page = walker.page
    page.goto(live_server.url + reverse("results-run", args=[trained.slug, failed.key]))
    page.wait_for_selector("figure[data-drawn] svg")
    page.get_by_text("The whole error, for whoever runs the server").click()
    page.get_by_text("Traceback (most recent call last)").wait_for()
    assert list(complaints(page)) == []
    take(page, "run-failed", whole=True)
    with page.expect_download() as download:
        page.get_by_role("link", name="Log as a text file").click()
    assert "No space left on device" in download.value.path().read_text()
    later = TrainingRun.objects.create(project=trained, kind="full", state="running", progress=0.25)
    pulse.beat("training")
    page.reload()
    page.get_by_text("is under way: 25 %.").wait_for()
    take(page, "run-later", whole=True)
    page.get_by_text("The whole error, for whoever runs the server").click()
    TrainingRun.objects.filter(pk=later.pk).update(state="done", progress=1)
    page.get_by_text("There was a later run: done.").wait_for()  # without a reload of one's own
    page.get_by_role("button", name="Start a full run again").wait_for()
    assert page.get_by_text("Traceback (most recent call last)").is_visible()  # it was being read
    assert walker.complaints == []


def test_a_run_that_is_watched_shows_its_losses_and_its_models_once_it_is_stopped(
    browser: Any, live_server: LiveServer, trained: Project
) -> None:
    run = TrainingRun.objects.create(project=trained, kind="full", state="running", progress=0.6)
    pulse.beat("training")
    walker = Walker(browser, live_server.url)
    walker.sign_in("alice", PASSWORD)
    page = walker.page
    page.goto(live_server.url + reverse("results-run", args=[trained.slug, run.key]))
    page.get_by_text("This is shown when it has ended.").wait_for()
    ModelVersion.objects.filter(number=1).update(run=run)
    TrainingRun.objects.filter(pk=run.pk).update(state="cancelled", log=LOSSES[:9])
    page.get_by_text("The model that it had made until then stays: model 1.").wait_for()
    page.wait_for_selector("figure[data-drawn] svg")
    assert list(complaints(page)) == []
    take(page, "run-stopped", whole=True)
    assert walker.complaints == []


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_window(browser: Any, live_server: LiveServer, trained: Project, width: int) -> None:
    walker = Walker(browser, live_server.url)
    for version in ModelVersion.objects.all():  # what is told to screen readers alone stands in the last column
        version.exports.create(state="done", size=90_000_000, check_result={"texts": 20})
    walker.sign_in("rita", PASSWORD)
    walker.page.set_viewport_size({"width": width, "height": 844})
    compared = reverse("results-compare", args=[trained.slug]) + "?a=1&b=2"
    for address in (
        reverse("results-models", args=[trained.slug]),
        reverse("results-model", args=[trained.slug, 2]),
        compared,
    ):
        walker.page.goto(live_server.url + address)
        assert walker.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
    walker.page.goto(live_server.url + reverse("results-models", args=[trained.slug]))
    for cell in walker.page.locator("#model-table tbody :is(th, .figure, .use, .zip)").all():
        box = cell.bounding_box()
        assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= width
    take(walker.page, "models-with-zips", whole=True)


def test_an_annotator_s_page_of_models_asks_without_a_complaint(
    browser: Any, live_server: LiveServer, trained: Project
) -> None:
    walker = Walker(browser, live_server.url)
    walker.sign_in("rita", PASSWORD)
    with walker.page.expect_response(lambda answer: "seen=" in answer.url, timeout=30_000):
        walker.page.goto(live_server.url + reverse("results-models", args=[trained.slug]))
    assert walker.complaints == []
