"""The status fragment, the manager's buttons, exports: who may, what they see."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from labeller.annotation.models import Ranking, ServingCounter, Source
from labeller.annotation.services import serve
from labeller.learning import exports, pulse, selectors, services
from labeller.learning.bridges.pool import labelled
from labeller.learning.models import LoopState, ModelExport, ModelVersion, TrainingRun, WorkerPulse
from labeller.learning.selectors import learning_status, teaching_labels
from labeller.projects.models import Project, User
from tests.annotation.acts import free_and_reserved
from tests.cast import make_project
from tests.learning.scene import annotate, fill

pytestmark = pytest.mark.django_db


@pytest.fixture
def version(project: Project) -> ModelVersion:
    return ModelVersion.objects.create(
        project=project, number=3, kind="quick", label_ids=[], n_labels=9, seed=1, duration_s=1
    )


@pytest.fixture
def export(version: ModelVersion) -> ModelExport:
    path = Path(settings.ARTIFACTS) / "model.zip"
    path.write_bytes(b"PK and so on")
    checked = {"texts": 20, "largest_difference": 1e-6}
    return ModelExport.objects.create(version=version, state="done", path="model.zip", size=12, check_result=checked)


def full_run(project: Project, **fields: Any) -> TrainingRun:
    defaults: dict[str, Any] = {"kind": "full", "heartbeat_at": timezone.now()}
    return TrainingRun.objects.create(project=project, **(defaults | fields))


def status_of(project: Project, client) -> str:
    return str(client.get(reverse("learning-status", args=[project.slug])).content.decode())


@pytest.mark.parametrize(
    ("name", "method", "least"),
    [
        ("learning-status", "get", "reader"),
        ("run-start", "post", "manager"),
        ("embed-start", "post", "manager"),
        ("run-cancel", "post", "manager"),
        ("model-export", "post", "manager"),
        ("model-export-status", "get", "reader"),
        ("model-download", "get", "reader"),
    ],
)
def test_access(
    project: Project, alice: User, bob: User, rita: User, mallory: User, client_of, client, export: ModelExport,
    name: str, method: str, least: str,
) -> None:  # fmt: skip
    run = full_run(project, state="done")
    special: dict[str, list[Any]] = {"run-cancel": [run.key], "model-export": [3]}
    arguments = special.get(name)
    if arguments is None:
        arguments = [export.key] if "export" in name or "download" in name else []
    url = reverse(name, args=[project.slug, *arguments])

    def ask(who, verb: str = method) -> int:
        response = getattr(who, verb)(url)
        if response.streaming:
            b"".join(response)  # reading a file to its end closes it
        return int(response.status_code)

    assert ask(client) == 302 and "login" in getattr(client, method)(url).url, "not signed in"
    assert ask(client_of(mallory)) == 404, "a stranger"
    assert ask(client_of(alice)) in (200, 302)
    for member in (bob, rita):
        assert ask(client_of(member)) == (403 if least == "manager" else 200)
    assert ask(client_of(alice), "post" if method == "get" else "get") == 405


def test_runs_and_models_of_another_project_are_not_found(
    project: Project, alice: User, client_of, export: ModelExport
) -> None:
    from tests.cast import join, make_project

    other = make_project(name="Another")
    join(other, alice, "manager")
    run = full_run(project)
    alices = client_of(alice)
    assert alices.post(reverse("run-cancel", args=[other.slug, run.key])).status_code == 404
    assert alices.post(reverse("model-export", args=[other.slug, 3])).status_code == 404
    assert alices.get(reverse("model-download", args=[other.slug, export.key])).status_code == 404


@pytest.fixture
def workers(db: None) -> None:
    for cluster in ("quick", "training"):
        WorkerPulse.objects.create(cluster=cluster, process=cluster, seen_at=timezone.now())


def test_without_a_worker_a_warning_says_what_to_do(project: Project, alice: User, bob: User, client_of) -> None:
    Ranking.objects.create(project=project, model_name="the quick model", labels_seen=9, ranked_at=timezone.now())
    full_run(project, state="running", progress=0.625, seconds_left=40, heartbeat_at=timezone.now())
    page = status_of(project, client_of(alice))
    assert "No worker is running" in page and "make run" in page and "random order" in page
    # nothing beside it says the contrary
    assert "Ordered by" not in page and "40 s left" not in page and "Fine-tuning waits for a worker" in page
    assert "Cancel" in page
    assert "Ask whoever runs this server" in status_of(project, client_of(bob))


@pytest.mark.usefixtures("workers")
def test_a_run_whose_worker_has_gone_silent_says_so(project: Project, bob: User, client_of) -> None:
    full_run(project, state="running", seconds_left=40, heartbeat_at=timezone.now() - timedelta(seconds=12))
    page = status_of(project, client_of(bob))
    assert "no sign of life for 12 s" in page and "40 s left" not in page


@pytest.mark.usefixtures("workers")
def test_a_full_run_that_is_due_is_said_to_come_with_the_next_label(project: Project, bob: User, client_of) -> None:
    Ranking.objects.create(project=project, model_name="the quick model", labels_seen=67, ranked_at=timezone.now())
    full_run(project, state="cancelled", labels_at_start=16)
    assert "Next full run with the next label" in status_of(project, client_of(bob))


def test_an_export_without_a_worker_says_so(project: Project, version: ModelVersion, alice: User, client_of) -> None:
    export = ModelExport.objects.create(version=version)
    address = reverse("model-export-status", args=[project.slug, export.key])
    assert "No worker is running for it" in client_of(alice).get(address).content.decode()
    pulse.beat("training")
    assert "No worker" not in client_of(alice).get(address).content.decode()


@pytest.mark.usefixtures("workers")
def test_with_workers_there_is_no_warning(project: Project, bob: User, client_of) -> None:
    assert "No worker" not in status_of(project, client_of(bob))


def test_a_pulse_of_twelve_seconds_ago_is_a_dead_worker(project: Project, bob: User, client_of) -> None:
    pulse.beat("quick")
    WorkerPulse.objects.update(seen_at=timezone.now() - timedelta(seconds=13))
    assert learning_status(project).missing == ["quick", "training"]


def test_texts_come_in_random_order_while_no_worker_is_alive(project: Project, bob: User) -> None:
    from labeller.annotation.models import QueueEntry

    documents = fill(project)
    last = max(documents, key=lambda document: document.draw)
    QueueEntry.objects.create(project=project, document=last, stream="active", rank=0, reason="Asked because")
    assert "no worker" in serve(project=project, annotator=bob, count=1)[0].reason
    selectors.forget_whether_the_queue_is_kept()
    pulse.beat("quick")
    reasons = {served.reason for served in serve(project=project, annotator=bob, count=3)}
    assert "Asked because" in reasons


@pytest.mark.usefixtures("workers")
def test_the_status_names_the_model_its_labels_and_its_age(project: Project, bob: User, client_of) -> None:
    Ranking.objects.create(
        project=project,
        model_key="quick-7",
        model_name="the quick model",
        labels_seen=34,
        ranked_at=timezone.now() - timedelta(seconds=40),
    )
    page = " ".join(status_of(project, client_of(bob)).split())
    assert "Ordered by the quick model" in page and ">34</span> labels" in page and "40 s ago" in page
    assert "Next full run with the next label" in page


@pytest.mark.usefixtures("workers")
def test_a_running_run_shows_progress_and_time_left_and_managers_may_cancel(
    project: Project, alice: User, bob: User, client_of
) -> None:
    run = full_run(project, state="running", progress=0.625, seconds_left=40, stage="learning from 80 texts")
    page = status_of(project, client_of(alice))
    assert "62 %" in page and "40 s left" in page and "learning from 80 texts" in page and "Cancel" in page
    assert "Cancel" not in status_of(project, client_of(bob))
    client_of(alice).post(reverse("run-cancel", args=[project.slug, run.key]))
    run.refresh_from_db()
    assert run.cancel_requested and "stopping" in status_of(project, client_of(alice))


def test_a_failed_run_says_why_and_offers_another_try(project: Project, alice: User, bob: User, client_of) -> None:
    full_run(project, state="failed", reason="Out of memory. Close other programs.")
    page = status_of(project, client_of(alice))
    assert "Out of memory. Close other programs." in page and "Try again" in page
    assert "Try again" not in status_of(project, client_of(bob))
    full_run(project, state="done")
    assert "Out of memory" not in status_of(project, client_of(alice))


def test_a_failed_refit_is_shown(project: Project, bob: User, client_of) -> None:
    LoopState.objects.create(project=project, refresh_error="ValueError: no")
    assert "The last refit failed" in status_of(project, client_of(bob))


def test_the_button_starts_a_run_and_refuses_in_words(project: Project, alice: User, bob: User, client_of) -> None:
    alices, url = client_of(alice), reverse("run-start", args=[project.slug])
    alices.post(url)
    assert not TrainingRun.objects.exists()
    free, _ = free_and_reserved(fill(project))
    annotate(free[0], bob, ["Change"])
    annotate(free[1], bob, ["Court"])
    alices.post(url)
    assert TrainingRun.objects.get().requested_by == alice


def test_the_status_says_how_many_labels_the_kinds_met_so_far_want(project: Project, bob: User) -> None:
    for number in range(20):
        project.labels.create(name=f"kind {number}", position=10 + number, colour="#2b5d8a")
    for at, document in enumerate(free_and_reserved(fill(project))[0][:9]):
        annotate(document, bob, [f"kind {at}"])
    Ranking.objects.create(project=project, model_name="the quick model", labels_seen=9, ranked_at=timezone.now())
    assert learning_status(project).next_full == 18  # two texts for each of nine kinds, and not 16
    Ranking.objects.filter(project=project).update(labels_seen=60, pool_size=1_000)
    assert learning_status(project).next_full == 18  # all of a file, up to 24 of them would be the audit's
    Ranking.objects.filter(project=project).update(labels_seen=90)
    assert learning_status(project).next_full == 16


def test_audit_labels_do_not_hide_that_too_few_texts_teach(project: Project, bob: User) -> None:
    """With four labels at most five kinds and ten teaching texts are wanted: answers are read until there are."""
    project.labels.create(name="None of the others", position=9, colour="#2b5d8a")
    free, reserved = free_and_reserved(fill(project))
    for document, name in zip(free, ["Change", "Court", "Other", "Change", "Court"], strict=False):
        annotate(document, bob, [name])
    for document in [*free[6:], *reserved][:20]:
        annotate(document, bob, source=Source.AUDIT)
    ServingCounter.objects.create(project=project, labelled=25, audit_labelled=20)
    Ranking.objects.create(project=project, model_name="the quick model", labels_seen=25, ranked_at=timezone.now())
    assert learning_status(project).next_full == 26  # the sixth teaching text of three kinds
    annotate(free[5], bob, ["Other"])
    assert learning_status(project).next_full == 16  # reached: with the next label


def test_labels_of_a_file_on_texts_that_the_audit_may_draw_promise_no_full_run(
    project: Project, alice: User, bob: User
) -> None:
    """What the page counts and the button asks is what a run would learn from."""
    free, reserved = free_and_reserved(fill(project))
    for document in [*reserved, free[0]]:
        annotate(document, alice, ["Change"] if document == free[0] else None, source=Source.IMPORT)
    n = len(reserved) + 1
    Ranking.objects.create(project=project, model_name="the quick model", labels_seen=n, ranked_at=timezone.now())
    assert teaching_labels(project) == (n, 1, 1) and int(labelled(project).may_teach.sum()) == 1
    assert learning_status(project).next_full == max(16, n + 1)
    with pytest.raises(services.RunRefused, match="two kinds"):
        services.start_full(project=project)
    annotate(free[1], bob, ["Court"])
    assert services.start_full(project=project).labels_at_start == n + 1


def test_counting_what_teaches_takes_as_many_queries_for_any_number_of_texts(
    project: Project, alice: User, django_assert_num_queries
) -> None:
    documents = fill(project)
    annotate(documents[0], alice)
    with CaptureQueriesContext(connection) as few:
        teaching_labels(project)
    for document in documents[1:]:
        annotate(document, alice, source=Source.IMPORT)
    with django_assert_num_queries(len(few)):
        teaching_labels(project)


@pytest.mark.parametrize("given", [12, 20])
def test_the_status_waits_for_two_texts_a_label_however_many_sets_of_labels_there_are(bob: User, given: int) -> None:
    names = [f"kind {number}" for number in range(10)]
    several = make_project("multi", names)
    several.audit = False  # none of these texts is set apart
    several.save()
    for at, document in enumerate(fill(several)[:given]):
        annotate(document, bob, [names[at % 10], names[(at + 1 + at // 10) % 10]])
    Ranking.objects.create(project=several, model_name="the quick model", labels_seen=given, ranked_at=timezone.now())
    assert learning_status(several).next_full == (16 if given >= 20 else 20)


def test_the_status_costs_few_queries(project: Project, django_assert_max_num_queries) -> None:
    full_run(project, state="running")
    LoopState.objects.create(project=project)
    with django_assert_max_num_queries(6):
        learning_status(project)


def test_a_fragment_for_htmx_and_a_page_for_people(
    project: Project, rita: User, client_of, export: ModelExport
) -> None:
    url = reverse("model-export-status", args=[project.slug, export.key])
    ritas = client_of(rita)
    assert "<html" in ritas.get(url).content.decode()
    assert "<html" not in ritas.get(url, headers={"HX-Request": "true"}).content.decode()
    restored = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    assert "<html" in ritas.get(url, headers=restored).content.decode()


def test_a_finished_export_stops_polling(project: Project, rita: User, client_of, export: ModelExport) -> None:
    url = reverse("model-export-status", args=[project.slug, export.key])
    client = client_of(rita)
    assert "hx-trigger" not in client.get(url, headers={"HX-Request": "true"}).content.decode()
    ModelExport.objects.update(state="running")
    assert "hx-trigger" in client.get(url, headers={"HX-Request": "true"}).content.decode()


def test_the_download_has_a_name_that_says_what_it_is(project: Project, rita: User, client_of, export) -> None:
    response = client_of(rita).get(reverse("model-download", args=[project.slug, export.key]))
    assert response["Content-Disposition"] == 'attachment; filename="terms-of-service-model-3.zip"'
    assert b"".join(response.streaming_content) == b"PK and so on"


def test_an_export_that_failed_says_why(project: Project, alice: User, client_of, export: ModelExport) -> None:
    ModelExport.objects.update(state="failed", path="", reason="The bundle DISAGREES on 20 texts.")
    for name in ("model-export-status", "model-download"):
        page = client_of(alice).get(reverse(name, args=[project.slug, export.key]), follow=True).content.decode()
        assert "It could not be built. The bundle DISAGREES" in page and "Try again" in page


def test_a_zip_whose_file_is_gone_can_be_built_again(project: Project, alice: User, client_of, export) -> None:
    (Path(settings.ARTIFACTS) / "model.zip").unlink()
    alices, place = client_of(alice), [project.slug, export.key]
    page = alices.get(reverse("model-download", args=place), follow=True)
    assert page.redirect_chain == [(reverse("model-export-status", args=place), 302)]
    assert "The file is gone from the server. Build it again." in page.content.decode()
    again = reverse("model-export", args=[project.slug, 3])
    assert f'action="{again}"' in page.content.decode() and "could not be built" not in page.content.decode()
    assert alices.post(again).status_code == 302
    assert list(ModelExport.objects.order_by("id").values_list("state", flat=True)) == ["failed", "queued"]


def test_asked_for_anew_a_zip_whose_file_is_gone_is_built_at_once(export: ModelExport) -> None:
    assert exports.request(version=export.version) == export
    (Path(settings.ARTIFACTS) / "model.zip").unlink()
    new = exports.request(version=export.version)
    export.refresh_from_db()
    assert (new.state, export.state, export.reason) == ("queued", "failed", exports.GONE)


def test_a_web_process_loads_no_learner() -> None:
    script = """
import django, sys
django.setup()
from django.urls import get_resolver
get_resolver().url_patterns
import labeller.learning.views, labeller.learning.pulse, labeller.wsgi
heavy = [n for n in ("torch", "transformers", "sklearn", "scipy", "numpy", "modelsvc") if n in sys.modules]
sys.exit(", ".join(heavy) or 0)
"""
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "labeller.settings"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
