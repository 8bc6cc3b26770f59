"""Archived, a project is closed to everybody; a manager finds it below the open ones and brings it back as it was."""

from __future__ import annotations

import threading
import uuid

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from structlog.testing import capture_logs

from labeller.annotation.models import Annotation
from labeller.corpus.errors import ImportStateError
from labeller.corpus.importing import run_import, upload_path
from labeller.corpus.models import ImportJob
from labeller.corpus.services import start_import
from labeller.learning import recovery, refresh, services
from labeller.learning.models import LoopState, TrainingRun
from labeller.projects import archiving, invitations
from labeller.projects.models import Project, Role, User
from labeller.search import bulk
from labeller.search.models import BulkAct
from tests.annotation.acts import give, one
from tests.beside import Beside
from tests.cast import PASSWORD, add_texts, join, make_project
from tests.corpus.files import upload
from tests.learning.scene import annotate, fill
from tests.projects.refusals import ClientOf, refused_to_others

pytestmark = pytest.mark.django_db
CLOSED = "“Terms of service” is archived. A manager of it can bring it back from their list of projects."


@pytest.fixture
def archived(project: Project) -> Project:
    archiving.archive(project=project)
    project.refresh_from_db()
    return project


def list_of(client_of: ClientOf, user: User) -> str:
    return client_of(user).get(reverse("projects")).content.decode()


# --- Archiving ---


def test_its_manager_is_asked_and_finds_it_below_the_open_ones(project, alice, client_of: ClientOf):
    browser, url = client_of(alice), reverse("project-archive", args=[project.slug])
    settings = browser.get(reverse("project-settings", args=[project.slug])).content.decode()
    assert f'href="{url}"' in settings and f'action="{url}"' not in settings
    assert "Archive “Terms of service”?</h1>" in browser.get(url).content.decode()
    project.refresh_from_db()
    assert not project.is_archived
    page = browser.post(url, follow=True).content.decode()
    assert "“Terms of service” is archived. You find it below your projects." in page
    assert "Archived (1)" in page and f'action="{reverse("project-bring-back", args=[project.slug])}"' in page
    assert f'href="{reverse("project", args=[project.slug])}"' not in page


@pytest.mark.parametrize("name", ["project-archive", "project-bring-back"])
def test_nobody_else_archives_or_brings_back(name, project, bob, rita, mallory, client_of: ClientOf):
    if name == "project-bring-back":
        archiving.archive(project=project)
    url = reverse(name, args=[project.slug])
    refused_to_others(client_of, url, method="post", bob=bob, rita=rita, mallory=mallory)
    project.refresh_from_db()
    assert project.is_archived == (name == "project-bring-back")


@pytest.mark.parametrize("name", ["project-archive", "project-bring-back"])
def test_both_want_a_csrf_token(name, project, alice):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(alice)
    assert browser.post(reverse(name, args=[project.slug])).status_code == 403


def test_it_leaves_everybody_s_list(archived, alice, bob, rita, client_of: ClientOf):
    assert archived.name not in list_of(client_of, bob) + list_of(client_of, rita)
    assert "None of your projects is open." in list_of(client_of, alice)


def test_only_those_one_manages_are_listed_as_archived(archived, bob, client_of: ClientOf):
    other = make_project(name="Own terms")
    join(other, bob, Role.MANAGER)
    archiving.archive(project=other)
    page = list_of(client_of, bob)
    assert "Archived (1)" in page and "Own terms" in page and archived.name not in page


@pytest.mark.parametrize(
    "name", ["project", "data", "label", "results", "review", "project-settings", "project-archive", "notices"]
)
def test_every_page_says_that_it_is_archived(name, archived, alice, bob, client_of: ClientOf):
    for user in (alice, bob):
        answer = client_of(user).get(reverse(name, args=[archived.slug]))
        assert answer.status_code == 403 and CLOSED in answer.content.decode()


def test_a_script_is_told_in_its_own_language(archived, bob, client_of: ClientOf):
    url = reverse("label-next", args=[archived.slug])
    answer = client_of(bob).post(url, headers={"Accept": "application/json"})
    assert answer.status_code == 403 and answer.json() == {"error": CLOSED}


def test_a_stranger_still_hears_nothing_of_it(archived, mallory, client_of: ClientOf):
    assert client_of(mallory).get(reverse("project", args=[archived.slug])).status_code == 404


def test_the_log_says_who_did_it(project, alice, client_of: ClientOf):
    with capture_logs() as logged:
        for name in ("project-archive", "project-bring-back"):
            client_of(alice).post(reverse(name, args=[project.slug]))
    who = {"project": project.pk, "slug": project.slug, "name": project.name, "user": "alice", "log_level": "warning"}
    assert [line for line in logged if line.get("user")] == [
        {"event": "project_archived"} | who,
        {"event": "project_brought_back"} | who,
    ]


def test_twice_is_once(archived):
    since = archived.archived_at
    assert not archiving.archive(project=archived)
    archived.refresh_from_db()
    assert archived.archived_at == since


# --- Invitations ---


def test_its_invitations_say_why_nobody_can_join(project, alice, mallory, client_of: ClientOf):
    link = invitations.invite(project=project, role="annotator", created_by=alice)
    archiving.archive(project=project)
    for browser in (Client(), client_of(mallory)):
        answer = browser.get(reverse("invitation", args=[link.token]))
        assert answer.status_code == 410
        assert "“Terms of service” is archived: nobody can join it now." in answer.content.decode()
    client_of(mallory).post(reverse("invitation-accept", args=[link.token]))
    assert not project.memberships.filter(user=mallory).exists()


def test_nobody_makes_an_account_by_one(project, alice):
    link, browser = invitations.invite(project=project, role="annotator", created_by=alice), Client()
    browser.post(reverse("invitation-account", args=[link.token]))
    archiving.archive(project=project)
    browser.post(reverse("account_signup"), {"username": "eve", "password1": PASSWORD, "password2": PASSWORD})
    assert not User.objects.filter(username="eve").exists()


def test_they_are_good_again_once_it_is_back(archived, alice, mallory):
    link = invitations.invite(project=archived, role="annotator", created_by=alice)
    archiving.bring_back(project=archived)
    invitations.accept(invitation=link, user=mallory)
    assert archived.memberships.filter(user=mallory).exists()


# --- What is under way ---


def test_imports_are_cancelled_and_what_they_brought_stays(project, alice):
    add_texts(project, ["one", "two"])
    job = upload(project, "text\nthree\n", user=alice)
    start_import(job=job, background=False)
    waiting = upload(project, "text\nfour\n", user=alice)
    archiving.archive(project=project)
    job.refresh_from_db()
    waiting.refresh_from_db()
    assert (job.state, waiting.state) == (ImportJob.State.CANCELLED, ImportJob.State.UPLOADED)
    assert project.documents.count() == 2


def test_a_file_goes_only_when_its_cancelling_is_certain(project, alice, django_capture_on_commit_callbacks):
    job = upload(project, "text\nthree\n", user=alice)
    start_import(job=job, background=False)
    with pytest.raises(ZeroDivisionError), django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        archiving.archive(project=project)
        raise ZeroDivisionError
    job.refresh_from_db()
    assert job.state == ImportJob.State.QUEUED and upload_path(job).exists()
    with django_capture_on_commit_callbacks(execute=True):
        archiving.archive(project=project)
    assert not upload_path(job).exists()


@pytest.mark.django_db(transaction=True)
def test_no_run_starts_while_it_is_being_archived(project, monkeypatch):
    """Whoever looks before that is certain waits for it."""
    monkeypatch.setattr("labeller.queueing.async_task", lambda *_, **__: None)
    started: list[TrainingRun | None] = []

    def start() -> None:
        try:
            started.append(services.start_embedding(project=project))
        finally:
            connection.close()

    starting = threading.Thread(target=start)
    with transaction.atomic():
        Project.objects.filter(pk=project.pk).update(archived_at=timezone.now())
        starting.start()
        starting.join(0.5)
        assert not started
    starting.join(20)
    assert started == [None] and not TrainingRun.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_no_import_starts_while_it_is_being_archived(project):
    job = upload(project, "text\nthree\n")
    with transaction.atomic():
        Project.objects.filter(pk=project.pk).update(archived_at=timezone.now())
        starting = Beside(lambda: start_import(job=job, background=False)).until_it_waits()
    with pytest.raises(ImportStateError, match="This project is archived"):
        starting.outcome()
    job.refresh_from_db()
    assert job.state == ImportJob.State.UPLOADED


def test_an_import_that_still_waits_is_not_taken_up(project):
    job = upload(project, "text\nthree\n")
    start_import(job=job, background=False)
    Project.objects.filter(pk=project.pk).update(archived_at=timezone.now())  # what works for it is asked next
    run_import(job.pk)
    job.refresh_from_db()
    assert (job.state, project.documents.count()) == (ImportJob.State.QUEUED, 0)


def test_runs_are_asked_to_cancel(project, django_capture_on_commit_callbacks):
    queued = services.start_embedding(project=project)
    running = TrainingRun.objects.create(project=project, kind="full", state="running", heartbeat_at=timezone.now())
    archiving.archive(project=project)
    assert queued is not None
    queued.refresh_from_db()
    running.refresh_from_db()
    assert (queued.state, queued.cancel_requested) == ("cancelled", True)
    assert (running.state, running.cancel_requested) == ("running", True)


def test_an_act_on_many_texts_stops_and_goes_on_once_it_is_back(project, alice):
    documents = add_texts(project, [f"Text {at}" for at in range(6)])
    act = BulkAct.objects.create(
        project=project, annotator=alice, label_ids=[project.labels.first().pk], total=6, claim=uuid.uuid4(),
        documents=bulk.pack([one.pk for one in documents]), found_by="all",
    )  # fmt: skip
    archiving.archive(project=project)
    bulk.carry_on(act.pk)
    assert not Annotation.objects.exists()
    archiving.bring_back(project=project)
    bulk.carry_on(act.pk)
    act.refresh_from_db()
    assert act.state == BulkAct.State.DONE and act.given > 0


def test_nothing_starts_by_itself(archived, alice, bob):
    for document in fill(archived)[:12]:
        annotate(document, bob)
    long_ago = timezone.now() - timezone.timedelta(hours=1)
    ImportJob.objects.create(
        project=archived, path="gone", size=1, state="done", added=2, finished_at=long_ago, heartbeat_at=long_ago
    )
    LoopState.objects.create(project=archived, refresh_pending=True, refresh_pending_since=long_ago)
    recovery.recover()
    assert services.start_embedding(project=archived) is None
    assert services.start_gauge(project=archived, labels=50) is None
    assert services.start_weighing(project=archived, answers=50) is None
    with pytest.raises(services.RunRefused, match="archived: nothing is started in it"):
        services.start_full(project=archived)
    assert refresh.begin(archived.pk) is None
    assert not TrainingRun.objects.exists()
    assert LoopState.objects.get().refresh_pending_since == long_ago


def test_the_owner_s_import_is_refused_in_a_sentence(archived, tmp_path):
    (tmp_path / "texts.txt").write_text("one\n")
    with pytest.raises(CommandError, match="“Terms of service” is archived"):
        call_command("import_documents", archived.slug, tmp_path / "texts.txt")


# --- Bringing it back ---


def test_a_manager_brings_it_back_as_it_was(project, alice, bob, client_of: ClientOf):
    add_texts(project, ["one", "two"])
    give(project, bob, one(project, bob), project.labels.first())
    browser = client_of(alice)
    browser.post(reverse("project-archive", args=[project.slug]))
    page = browser.post(reverse("project-bring-back", args=[project.slug]), follow=True)
    assert page.redirect_chain == [(reverse("project", args=[project.slug]), 302)]
    assert "“Terms of service” is open again." in page.content.decode()
    assert project.name in list_of(client_of, bob)
    assert (project.documents.count(), project.annotations.count()) == (2, 1)
    assert "Archived" not in list_of(client_of, alice)


def test_its_unread_texts_are_read_then(archived):
    add_texts(archived, ["one", "two"])
    archiving.bring_back(project=archived)
    assert list(TrainingRun.objects.values_list("kind", "state")) == [("embed", "queued")]


def test_without_texts_nothing_is_read(archived):
    archiving.bring_back(project=archived)
    assert not TrainingRun.objects.exists()


def test_a_refit_that_was_wanted_is_asked_for_again(archived, django_capture_on_commit_callbacks, monkeypatch):
    asked = []
    monkeypatch.setattr("labeller.queueing.async_task", lambda task, pk, cluster: asked.append((task, pk)))
    LoopState.objects.create(project=archived, refresh_pending=True, refresh_pending_since=timezone.now())
    with django_capture_on_commit_callbacks(execute=True):
        archiving.bring_back(project=archived)
    assert asked == [(services.REFRESH_TASK, archived.pk)]


def test_an_open_project_cannot_be_brought_back(project, alice, client_of: ClientOf):
    assert not archiving.bring_back(project=project)
    page = client_of(alice).post(reverse("project-bring-back", args=[project.slug]))
    assert page["Location"] == reverse("project", args=[project.slug])


def test_bringing_back_rejects_get(archived, alice, client_of: ClientOf):
    assert client_of(alice).get(reverse("project-bring-back", args=[archived.slug])).status_code == 405


def test_the_database_lets_only_archived_projects_go(project):
    with pytest.raises(IntegrityError), transaction.atomic():
        Project.objects.filter(pk=project.pk).update(deletion_asked_at=timezone.now())
