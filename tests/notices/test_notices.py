"""What people are told when a run ends or stopping is advised: once per event and person, on every project page."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from labeller.learning import runs, work
from labeller.learning.models import TrainingRun
from labeller.learning.signals import stop_advised
from labeller.notices import services
from labeller.notices.models import Notice
from labeller.notices.selectors import news_for
from labeller.projects import archiving
from labeller.projects.models import Membership, Project, User
from labeller.projects.selectors import is_started
from tests.cast import join, make_project
from tests.insight.scored import add_version

ClientOf = Callable[[User], Client]
PAGES = ("project", "label", "data", "results", "results-models", "results-effort", "results-report", "members")


def ended(
    project: Project, *, kind: str = "full", state: str = "failed", reason: str = "The disk is full."
) -> TrainingRun:
    return TrainingRun.objects.create(
        project=project, kind=kind, state=state, reason=reason, finished_at=timezone.now()
    )


def told(project: Project, sentence: str = "Model 3 was made.", kind: str = "done") -> Notice:
    return Notice.objects.create(project=project, kind=kind, sentence=sentence)


def news(project: Project, user: User) -> list[str]:
    found = news_for(Membership.objects.get(project=project, user=user))
    return [found.shown.sentence, str(found.count)] if found.shown else []


def at(name: str, project: Project) -> str:
    return reverse(name, args=[project.slug])


class TestWhatIsTold:
    @pytest.mark.parametrize(
        ("kind", "state", "reason", "sentence"),
        [
            ("full", "failed", "The disk is full.", "Fine-tuning failed: The disk is full."),
            ("embed", "failed", "", "Reading the texts failed: no reason was given."),
            ("check", "failed", "x.", "Comparing language models failed: x."),
            ("check", "done", "", "The language models were compared. The overview says what was found."),
            ("embed", "done", "", None),
            ("full", "done", "", None),  # it left no model behind
            ("full", "cancelled", "", None),
            ("full", "running", "", None),
        ],
    )
    def test_an_end_is_a_sentence_where_it_is_news(
        self, project: Project, kind: str, state: str, reason: str, sentence: str | None
    ) -> None:
        notice = services.note_run_ended(ended(project, kind=kind, state=state, reason=reason).pk)
        assert (notice.sentence if notice else None) == sentence

    def test_new_models_are_told_once_one_of_them_serves(self, project: Project) -> None:
        run = ended(project, state="done", reason="Not promoted: 20 of 31 audit texts right, 25 before.")
        for _ in range(2):
            version = add_version(project, n_labels=40, n_audit=31, kind="full")
            version.run = run
            version.save(update_fields=["run"])
        assert services.note_run_ended(run.pk) is None  # the queue and the page of models say why
        again = ended(project, state="done", reason="")
        version = add_version(project, n_labels=50, n_audit=40, kind="full", promoted=True)
        version.run = again
        version.save(update_fields=["run"])
        assert services.note_run_ended(again.pk).sentence == "Model 3 was made and put into service."

    def test_of_a_model_that_somebody_let_serve_later_its_run_tells_nothing(self, project: Project) -> None:
        """A killed worker's notice is written by the next one: meanwhile somebody may have chosen by hand."""
        run = ended(project, state="done", reason="Not promoted: 20 of 31 audit texts right, 25 before.")
        version = add_version(project, n_labels=40, n_audit=31, kind="full")
        version.run, version.promoted_at = run, timezone.now()
        version.save(update_fields=["run", "promoted_at"])
        assert services.note_run_ended(run.pk) is None

    def test_each_run_is_told_once(self, project: Project) -> None:
        run = ended(project)
        assert services.note_run_ended(run.pk) is not None and services.note_run_ended(run.pk) is None
        with pytest.raises(IntegrityError), transaction.atomic():
            Notice.objects.create(project=project, kind="failed", run=run, sentence="Again.")

    def test_only_a_run_s_notice_has_a_run(self, project: Project) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            Notice.objects.create(project=project, kind="stop", run=ended(project), sentence="Stop.")

    def test_a_run_that_fails_in_a_worker_tells_of_itself(
        self, project: Project, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
    ) -> None:
        run = TrainingRun.objects.create(project=project, kind="full", heartbeat_at=timezone.now())

        def fail(*_: object) -> None:
            raise MemoryError

        with django_capture_on_commit_callbacks(execute=True):
            work.carry_out_run(run.pk, fail)
        assert Notice.objects.get().sentence.startswith("Fine-tuning failed: Out of memory.")

    def test_so_does_one_whose_worker_died_twice(
        self, project: Project, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
    ) -> None:
        long_ago = timezone.now() - 2 * runs.STALE
        run = TrainingRun.objects.create(
            project=project, kind="embed", state="running", attempts=2, heartbeat_at=long_ago
        )
        with django_capture_on_commit_callbacks(execute=True):
            assert runs.release_if_stale(run) == "failed"
        assert Notice.objects.get().sentence.startswith("Reading the texts failed: The worker died twice")

    def test_a_new_worker_tells_what_a_killed_one_could_not(self, project: Project) -> None:
        ended(project)
        old = ended(project)
        TrainingRun.objects.filter(pk=old.pk).update(finished_at=timezone.now() - timedelta(days=3))
        assert services.catch_up() == 1 and services.catch_up() == 0

    def test_of_an_archived_project_nothing_is_told_until_it_is_back(self, project: Project) -> None:
        """Where it is being deleted, the notice would name a run that could not be deleted any more."""
        run = ended(project)
        archiving.archive(project=project)
        assert services.catch_up() == 0 and services.note_run_ended(run.pk) is None
        archiving.bring_back(project=project)
        assert services.catch_up() == 1


class TestStopAdvice:
    def test_it_is_told_once_and_again_when_labels_have_grown_by_half(self, project: Project) -> None:
        found = [services.note_stop_advised(project, labels=n, sentence="Stop here.") for n in (200, 201, 299, 300)]
        assert [notice is not None for notice in found] == [True, False, False, True]

    def test_whoever_finds_it_sends_a_signal(self, project: Project) -> None:
        stop_advised.send(sender=None, project_id=project.pk, labels=200, sentence="Predictions have settled.")
        notice = Notice.objects.get()
        assert (notice.kind, notice.sentence) == ("stop", "Predictions have settled.")

    @pytest.mark.django_db(transaction=True)
    def test_two_findings_at_once_are_one_notice(self, project: Project) -> None:
        def find() -> None:
            services.note_stop_advised(project, labels=200, sentence="Stop here.")
            connection.close()

        threads = [threading.Thread(target=find) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert Notice.objects.count() == 1


class TestOnThePages:
    @pytest.mark.parametrize("name", PAGES)
    def test_every_project_page_has_the_live_region(
        self, name: str, project: Project, client_of: ClientOf, alice: User
    ) -> None:
        told(project, "Model 3 was <made>.")
        page = client_of(alice).get(at(name, project)).content.decode()
        region = page.split('<div class="news" role="status" aria-live="polite">')[1].split("</form>")[0]
        assert "Model 3 was &lt;made&gt;." in region and "Put away" in region

    def test_it_is_silent_until_something_happens(self, project: Project, client_of: ClientOf, rita: User) -> None:
        client = client_of(rita)
        page = client.get(at("project", project)).content.decode()
        poll = re.search(r'id="news" hx-get="([^"]+)"', page)
        assert poll is not None and client.get(poll[1]).status_code == 204
        told(project)
        answer = client.get(poll[1]).content.decode()
        assert "Model 3 was made." in answer and "<html" not in answer and f'{poll[1]}"' not in answer

    def test_what_was_put_away_stays_away_for_that_person_alone(
        self, project: Project, client_of: ClientOf, alice: User, bob: User
    ) -> None:
        told(project, "First."), told(project, "Second.")
        newest = Notice.objects.latest("pk")
        assert news(project, bob) == ["Second.", "2"]
        answer = client_of(bob).post(
            at("notices-put-away", project), {"upto": newest.pk}, headers={"HX-Request": "true"}
        )
        assert "Second." not in answer.content.decode() and 'id="news"' in answer.content.decode()
        assert news(project, bob) == [] and news(project, alice) == ["Second.", "2"]
        told(project, "Third.")
        assert news(project, bob) == ["Third.", "1"]
        services.put_away(project=project, user=bob, upto=1)  # an old tab
        assert news(project, bob) == ["Third.", "1"]

    def test_a_failure_stays_and_goes_before_newer_successes_which_go_by_themselves(
        self, project: Project, client_of: ClientOf, bob: User
    ) -> None:
        failed = told(project, "Fine-tuning failed: x.", "failed")
        told(project, "Second.")
        client = client_of(bob)
        page = client.get(at("project", project)).content.decode()
        assert news(project, bob) == ["Fine-tuning failed: x.", "2"] and "data-goes" not in page
        assert f'<a href="{at("results-models", project)}">and 1 more</a>' in page
        client.post(at("notices-put-away", project), {"upto": failed.pk})
        assert news(project, bob) == ["Second.", "1"]
        assert "data-goes" in client.get(at("project", project)).content.decode()

    def test_without_a_script_it_leads_back_to_the_page(self, project: Project, client_of: ClientOf, bob: User) -> None:
        answer = client_of(bob).post(at("notices-put-away", project), {"upto": told(project).pk})
        assert answer.status_code == 302 and answer["Location"] == at("project", project)

    @pytest.mark.parametrize("upto", ["", "x", "-1", "9" * 30])
    def test_nonsense_puts_nothing_away(self, project: Project, client_of: ClientOf, bob: User, upto: str) -> None:
        told(project)
        assert client_of(bob).post(at("notices-put-away", project), {"upto": upto}).status_code == 302
        assert news(project, bob) == ["Model 3 was made.", "1"]

    def test_old_news_tests_other_projects_and_what_was_before_one_joined_are_left_out(
        self, project: Project, alice: User, mallory: User
    ) -> None:
        Notice.objects.filter(pk=told(project).pk).update(created_at=timezone.now() - timedelta(days=2))
        told(project, kind="test")
        told(make_project(name="Elsewhere"))
        assert news(project, alice) == []
        told(project)
        join(project, mallory)
        assert news(project, alice) == ["Model 3 was made.", "1"] and news(project, mallory) == []

    def test_strangers_get_404_and_methods_are_kept(
        self, project: Project, client_of: ClientOf, mallory: User, alice: User
    ) -> None:
        assert client_of(mallory).get(at("notices", project)).status_code == 404
        assert client_of(mallory).post(at("notices-put-away", project), {"upto": 1}).status_code == 404
        assert client_of(alice).get(at("notices-put-away", project)).status_code == 405
        assert client_of(alice).post(at("notices", project)).status_code == 405

    def test_many_notices_cost_one_query(
        self, project: Project, alice: User, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        for number in range(30):
            told(project, f"Model {number} was made.")
        membership = Membership.objects.get(project=project, user=alice)
        with django_assert_num_queries(1):
            assert news_for(membership).count == 20


def test_a_notice_is_no_sign_that_the_project_was_begun(project: Project) -> None:
    """Else its language model could not be chosen any more."""
    told(project)
    services.change_settings(project=project, addresses=[], webhook="", on_failure=True, on_stop=True)
    assert not is_started(project)
