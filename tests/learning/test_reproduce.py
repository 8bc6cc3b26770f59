"""A model made again from its record, whatever has happened since."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from labeller.annotation.models import Annotation, Source
from labeller.learning import artifacts, deleting
from labeller.learning.models import ModelVersion, VersionSnapshot
from labeller.projects.models import Label, Project, User
from tests.cast import add_texts, join, make_project
from tests.learning.scene import LIGHT, annotate, fill, full, kind_of, read, refit


def answer(project: Project, bob: User, count: int = 24, *, audit_every: int = 3) -> None:
    """The pool is read, and the first texts are answered, every so many-th of them in the audit."""
    documents = fill(project)
    read(project)
    for at, document in enumerate(documents[:count]):
        annotate(document, bob, source=Source.AUDIT if (at + 1) % audit_every == 0 else Source.ACTIVE)


def made_again(version: ModelVersion) -> dict[str, Any]:
    from labeller.learning.bridges.reproduce import reproduce

    return reproduce(version).to_dict()


def life_goes_on(project: Project, bob: User) -> None:
    """Changed minds, new labels, a new kind, new texts and another order: all that must not matter."""
    first, second = Annotation.objects.order_by("id")[:2]
    for one in (first, second):
        Annotation.objects.filter(pk=one.pk).update(superseded_at=timezone.now())
        annotate(one.document, bob, ["Other"])
    for document in project.documents.order_by("id")[24:27]:
        annotate(document, bob)
    add_texts(project, ["Something new altogether.", "And another thing."])
    Label.objects.filter(project=project).update(position=9)
    project.labels.create(name="Newcomer", colour="#123456", position=0)


@pytest.mark.django_db
class TestAQuickModel:
    def test_gives_the_same_predictions_after_all_that_came_since(self, project: Project, bob: User) -> None:
        answer(project, bob)
        refit(project)
        version = ModelVersion.objects.get()
        life_goes_on(project, bob)
        told = made_again(version)
        assert told["texts"] == 8 and told["embeddings"] == "stored" and told["same_encoder"]
        assert told["largest_difference"] <= 1e-5 and told["answers_changed"] == 0
        assert told["head_difference"] <= 1e-6

    def test_one_made_after_many_refits_owes_nothing_to_them(self, project: Project, bob: User) -> None:
        documents = fill(project)
        read(project)
        for at, document in enumerate(documents[:20]):
            annotate(document, bob, source=Source.AUDIT if at % 3 == 2 else Source.ACTIVE)
            refit(project)
        told = made_again(ModelVersion.objects.order_by("number").last())  # type: ignore[arg-type]
        assert told["head_difference"] <= 1e-6 and told["largest_difference"] <= 1e-5

    def test_with_several_labels_a_text_it_reads_the_words_of_its_time(self, alice: User, bob: User) -> None:
        project = make_project(kind="multi")
        join(project, bob)
        documents = fill(project)
        read(project)
        for at, document in enumerate(documents[:24]):
            names = [kind_of(document.text)] if at % 4 else []
            annotate(document, bob, names, source=Source.AUDIT if at % 3 == 2 else Source.ACTIVE)
        refit(project)
        version = ModelVersion.objects.get()
        life_goes_on(project, bob)
        told = made_again(version)
        assert told["largest_difference"] <= 1e-5 and told["head_difference"] <= 1e-5

    def test_the_snapshot_names_the_answers_and_survives_the_files(self, project: Project, bob: User) -> None:
        answer(project, bob)
        refit(project)
        version = ModelVersion.objects.get()
        assert VersionSnapshot.objects.get().annotations.count("-") == 1  # one run of ids
        ModelVersion.objects.filter(pk=version.pk).update(deleted_at=timezone.now())
        told = made_again(ModelVersion.objects.get())
        assert told["head_difference"] is None and told["largest_difference"] <= 1e-5

    def test_a_wrong_record_is_found_out(self, project: Project, bob: User) -> None:
        answer(project, bob)
        refit(project)
        version = ModelVersion.objects.get()
        ModelVersion.objects.update(seed=version.seed + 1)
        told = made_again(ModelVersion.objects.get())
        assert told["largest_difference"] > 1e-4


@pytest.mark.django_db
class TestTheCommand:
    def test_it_tells_the_difference(self, project: Project, bob: User, capsys: pytest.CaptureFixture[str]) -> None:
        answer(project, bob)
        refit(project)
        call_command("reproduce_version", project.slug, "1", "--json")
        told = json.loads(capsys.readouterr().out)
        assert told["reproduced"] and told["within"] == 1e-4 and told["model"] == 1
        call_command("reproduce_version", project.slug, "1")
        said = capsys.readouterr().out
        assert "Model 1 made again" in said
        assert "8 audit texts, by heads that had not seen them, and the 24 texts that taught it); 0 answers" in said

    def test_a_difference_too_large_ends_with_1(self, project: Project, bob: User) -> None:
        answer(project, bob)
        refit(project)
        ModelVersion.objects.update(seed=4711)
        with pytest.raises(CommandError, match="larger than") as refusal:
            call_command("reproduce_version", project.slug, "1")
        assert refusal.value.returncode == 1

    def test_where_nothing_is_left_to_compare_it_says_so(self, project: Project, bob: User) -> None:
        answer(project, bob, audit_every=99)
        refit(project)
        ModelVersion.objects.update(deleted_at=timezone.now())
        with pytest.raises(CommandError, match="nothing to compare it with") as refusal:
            call_command("reproduce_version", project.slug, "1")
        assert refusal.value.returncode == 2

    @pytest.mark.parametrize(
        ("slug", "number", "sentence"),
        [("nowhere", "1", "no project 'nowhere'"), ("terms-of-service", "9", "its models: 1")],
    )
    def test_bad_input_ends_with_2(self, project: Project, bob: User, slug: str, number: str, sentence: str) -> None:
        answer(project, bob)
        refit(project)
        with pytest.raises(CommandError, match=sentence) as refusal:
            call_command("reproduce_version", slug, number)
        assert refusal.value.returncode == 2

    def test_a_model_from_before_answers_were_kept_says_so(self, project: Project, bob: User) -> None:
        answer(project, bob)
        refit(project)
        VersionSnapshot.objects.all().delete()
        with pytest.raises(CommandError, match="before the answers a model learnt from were kept") as refusal:
            call_command("reproduce_version", project.slug, "1")
        assert refusal.value.returncode == 2


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "switches", [{}, LIGHT | {"adapt": {"steps": 4}, "fine_tuning": {"unfreeze": 0.5, "epochs": 1.0}}]
)
def test_a_full_model_and_the_quick_one_over_it_are_made_again(
    project: Project, bob: User, monkeypatch: pytest.MonkeyPatch, settings: Settings, switches: dict[str, Any]
) -> None:
    settings.RECIPE = switches
    # Thirteen audit texts decide by a hair, and the hair depends on the machine: here it is to serve in any case.
    monkeypatch.setattr("modelsvc.evaluation.paired.Comparison.no_worse", True)
    answer(project, bob, count=26, audit_every=2)
    full(project)
    tuned = ModelVersion.objects.get(kind="full")
    assert tuned.settings.get("recipe", {}) == switches
    settings.RECIPE = {}  # whoever makes it again need not know what was set then
    annotate(project.documents.order_by("id")[26], bob)
    refit(project)
    quick = ModelVersion.objects.get(kind="quick")
    assert quick.base == tuned
    assert tuned.settings["threads"] >= 1 and tuned.settings["precision"] in ("bfloat16", "float32")
    told = made_again(tuned)
    assert told["otherwise"] == "" and (told["texts"], told["labelled"]) == (13, 26)
    assert told["same_encoder"] and told["largest_difference"] <= 1e-4 and told["head_difference"] <= 1e-4
    told = made_again(quick)
    assert told["embeddings"] == "stored" and told["largest_difference"] <= 1e-5 and told["head_difference"] <= 1e-5
    versions_before = np.array(sorted(path.name for path in artifacts.project_folder(project.pk).rglob("*")))
    assert "work" not in versions_before or not list((artifacts.project_folder(project.pk) / "work").iterdir())
    assert deleting.deletion(tuned).why_not


@pytest.mark.django_db
def test_a_machine_that_counts_otherwise_is_named(project: Project, bob: User) -> None:
    from labeller.learning.bridges.reproduce import _otherwise

    answer(project, bob)
    refit(project)
    version = ModelVersion.objects.get()
    version.settings |= {"threads": 2, "precision": "float16", "torch": "0.1"}
    assert "precision float16, now " in _otherwise(version) and "torch 0.1, now 2." in _otherwise(version)
    assert "way_of_training 1, now 3" in _otherwise(version), "made before ways were told apart"
    version.settings = {}
    assert _otherwise(version) == ""
