"""An audit that was switched off comes back only while no tuned model can have learnt from its texts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from labeller.learning import services
from labeller.learning.models import ModelVersion, TrainingRun
from labeller.learning.set_apart import SET_APART, why_not
from labeller.projects.models import Project, User
from labeller.projects.services import AuditRefused, change_settings
from tests.beside import Beside
from tests.insight.scored import add_version

pytestmark = pytest.mark.django_db

KEPT = ("name", "kind", "encoder", "guidelines", "suggestions", "overlap")
TUNED_WITHOUT, BEING_TUNED = "A full model was tuned while no texts were set apart", "A full model is being tuned"


@pytest.fixture
def off(project: Project) -> Project:
    project.audit = False
    project.save(update_fields=["audit"])
    return project


def switch_on(project: Project) -> bool:
    change_settings(project=project, audit=True, **{name: getattr(project, name) for name in KEPT})
    project.refresh_from_db()
    return project.audit


def full(project: Project, **settings: bool) -> ModelVersion:
    version = add_version(project, n_labels=40, n_audit=0, kind="full")
    version.settings = settings
    version.save(update_fields=["settings"])
    return version


def test_before_there_is_a_full_model_it_comes_back(off: Project) -> None:
    add_version(off, n_labels=40, n_audit=0, kind="quick")
    assert switch_on(off)


def test_with_models_tuned_beside_an_audit_alone_it_comes_back(off: Project) -> None:
    full(off, **{SET_APART: True})
    assert switch_on(off)


@pytest.mark.parametrize("kept", [{SET_APART: False}, {}], ids=["without", "not known"])
def test_once_one_was_tuned_without_it_is_refused_and_nothing_is_changed(off: Project, kept: dict[str, bool]) -> None:
    full(off, **{SET_APART: True})
    full(off, **kept)
    with pytest.raises(AuditRefused, match=TUNED_WITHOUT):
        switch_on(off)
    off.refresh_from_db()
    assert not off.audit


def test_models_whose_files_are_gone_do_not_count_for_nothing_reads_by_them(off: Project) -> None:
    version = full(off, **{SET_APART: False})
    version.deleted_at = timezone.now()
    version.save(update_fields=["deleted_at"])
    assert switch_on(off)


@pytest.mark.parametrize(("state", "sentence"), [("queued", BEING_TUNED), ("running", BEING_TUNED), ("failed", "")])
def test_a_full_run_under_way_may_become_such_a_model(off: Project, state: str, sentence: str) -> None:
    TrainingRun.objects.create(project=off, kind=TrainingRun.Kind.FULL, state=state)
    assert why_not(off).startswith(sentence) and bool(why_not(off)) == bool(sentence)


def test_an_audit_that_is_on_stays_on_whatever_was_tuned(project: Project) -> None:
    full(project, **{SET_APART: False})
    assert switch_on(project)


@pytest.mark.django_db(transaction=True)
def test_a_run_that_starts_at_the_same_moment_speaks_against_it_too(
    off: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labeller.queueing.async_task", lambda *_, **__: None)
    with transaction.atomic():
        services._start(off, TrainingRun.Kind.FULL, None, labels=0)
        switching = Beside(lambda: switch_on(off)).until_it_waits()
    with pytest.raises(AuditRefused, match=BEING_TUNED):
        switching.outcome()


class TestTheSettingsPage:
    @pytest.fixture
    def save(self, off: Project, alice: User, client_of: Callable[[User], Client]) -> Callable[..., HttpResponse]:
        stored = {"kind": "single", "encoder": off.encoder, "suggestions": "shown", "overlap": 1}
        address = reverse("project-settings", args=[off.slug])
        return lambda **said: client_of(alice).post(address, stored | {"name": "Renamed"} | said)

    def test_says_why_it_is_refused_and_what_to_do_and_saves_nothing(
        self, off: Project, save: Callable[..., HttpResponse]
    ) -> None:
        full(off, **{SET_APART: False})
        answer = save(audit="True")
        assert answer.status_code == 422
        page = answer.content.decode()
        assert TUNED_WITHOUT in page and "Results → Test file), or begin a new project." in page
        off.refresh_from_db()
        assert (off.audit, off.name) == (False, "Terms of service")

    @pytest.mark.parametrize("said", [{}, {"audit": "False"}])
    def test_saves_anything_else(self, off: Project, save: Callable[..., HttpResponse], said: dict[str, str]) -> None:
        full(off, **{SET_APART: False})
        assert save(**said).status_code == 302
        off.refresh_from_db()
        assert (off.audit, off.name) == (False, "Renamed")
