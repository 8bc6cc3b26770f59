"""The embedding run reads what labels are called, the quick worker finds it, and a model keeps what it learnt from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from django.db import connection
from numpy.typing import NDArray

from labeller.annotation.models import QueueEntry
from labeller.learning.bridges import quick as bridge_quick
from labeller.learning.bridges.kept_names import kept
from labeller.learning.bridges.names import label_texts, prototypes_of, ranking_names, unread_names, write_names
from labeller.learning.bridges.pool import PoolArrays, pool_arrays, reader_of
from labeller.learning.bridges.quick import head_of
from labeller.learning.bridges.reproduce import reproduce
from labeller.learning.bridges.versions import load_head
from labeller.learning.models import ModelVersion, TrainingRun
from labeller.projects.models import Label, Project, User
from modelsvc.heads.name_store import NamesRead
from modelsvc.heads.quick import predict_proba
from tests.cast import make_project
from tests.learning.scene import annotate, embed, fill, kind_of, read, refit

pytestmark = pytest.mark.django_db


def by_names(project: Project) -> Project:
    project.strategy = "cold-names"
    project.save()
    return project


def readings(project: Project) -> int:
    return project.runs.filter(kind=TrainingRun.Kind.EMBED).count()


def pool_of(project: Project) -> PoolArrays:
    return pool_arrays(reader_of(project).store_folder)


def label_ids(project: Project) -> list[int]:
    return list(project.labels.order_by("position", "id").values_list("pk", flat=True))


class Letters:
    """An encoder that counts letters, so that none need be loaded."""

    sha256, width = "letters", 26

    def encode(self, texts: Sequence[str], **_: object) -> NDArray[np.float32]:
        counts = np.array([[text.lower().count(chr(97 + at)) for at in range(26)] for text in texts], np.float32)
        lengths: NDArray[np.float32] = np.linalg.norm(counts, axis=1, keepdims=True).astype(np.float32)
        return counts / lengths


class TestReadingNames:
    def test_is_part_of_reading_the_pool(self, project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("labeller.learning.bridges.embed.Encoder.load", lambda *_, **__: Letters())
        fill(project)
        embed(project)
        found = prototypes_of(project, pool_of(project), label_ids(project))
        assert found is not None and found.columns.tolist() == list(range(project.labels.count()))
        assert np.allclose(found.X, Letters().encode([texts[0] for texts in label_texts(project)]))

    def test_comes_again_for_a_name_that_changed_and_the_others_teach_meanwhile(self, project: Project) -> None:
        fill(project)
        read(project)
        folder, label = reader_of(project).store_folder, project.labels.first()
        assert unread_names(project, folder) == [] and label is not None
        label.description = "What a company may do without asking."
        label.save()
        assert unread_names(project, folder) == [label.description]
        label.name = "Amendment"
        label.save()
        assert unread_names(project, folder) == ["Amendment", label.description]
        before = readings(project)
        refit(project)  # orders the queue all the same, and asks for the name to be read
        assert QueueEntry.objects.filter(project=project, stream="active").exists()
        assert readings(project) == before + 1
        found = prototypes_of(project, pool_of(project), label_ids(project))
        assert found is not None and found.columns.tolist() == list(range(1, project.labels.count()))
        refit(project)
        assert readings(project) == before + 1  # it is under way

    def test_keeps_the_names_it_had(self, project: Project) -> None:
        fill(project)
        read(project)
        Label.objects.create(project=project, name="Refund", position=9)
        folder = reader_of(project).store_folder
        assert unread_names(project, folder) == ["Refund"]
        write_names(folder, ["Refund"], np.eye(1, 384, dtype=np.float32))
        found = prototypes_of(project, pool_of(project), label_ids(project))
        assert unread_names(project, folder) == [] and found is not None and len(found) == project.labels.count()

    def test_of_very_many_labels_leaves_none_unread_however_they_come(self, project: Project) -> None:
        fill(project)
        read(project)
        folder = reader_of(project).store_folder
        for first in (0, 600):
            names = [f"Kind {number}" for number in range(first, first + 600)]
            Label.objects.bulk_create(
                Label(project=project, name=name, position=10 + first + at) for at, name in enumerate(names)
            )
            write_names(folder, unread_names(project, folder), np.ones((600, 384), np.float32))
        assert unread_names(project, folder) == []

    @pytest.mark.skipif(connection.vendor == "postgresql", reason="PostgreSQL keeps no NUL, so no label has one there")
    def test_of_one_that_ends_in_a_nul_ends_and_writes_it_once(self, project: Project) -> None:
        """No label is called so any more; a project from before may have one."""
        fill(project)
        read(project)
        Label.objects.create(project=project, name="Refund\x00", position=9)
        folder = reader_of(project).store_folder
        for value in (1, 2):
            write_names(folder, ["Refund\x00"], np.full((1, 384), value, np.float32))
        assert unread_names(project, folder) == []
        known = NamesRead.load(folder)
        assert known is not None and len(known.texts) == len(set(known.texts)) == len(known.X)
        assert known.X[known.texts.index("Refund\x00"), 0] == 2

    @pytest.mark.parametrize("state", [TrainingRun.State.FAILED, TrainingRun.State.CANCELLED])
    def test_that_failed_or_was_cancelled_is_not_asked_for_again(self, project: Project, state: str) -> None:
        fill(project)
        read(project)
        Label.objects.create(project=project, name="Refund", position=9)
        TrainingRun.objects.create(project=project, kind=TrainingRun.Kind.EMBED, state=state)
        refit(project)
        assert readings(project) == 1

    def test_is_left_out_where_the_owner_wants_none(self, project: Project, settings: Any) -> None:
        settings.RECIPE = {"label_names": False}
        fill(project)
        read(project)
        assert unread_names(project, reader_of(project).store_folder) == []
        assert prototypes_of(project, pool_of(project), label_ids(project)) is None

    def test_is_left_out_where_a_text_may_have_several_labels(self) -> None:
        multi_project = make_project(kind="multi")
        fill(multi_project)
        read(multi_project)
        assert unread_names(multi_project, reader_of(multi_project).store_folder) == []


class TestAModelTaughtByNames:
    def test_knows_a_label_nobody_has_used(self, project: Project, bob: User) -> None:
        documents = fill(project)
        read(project)
        for document in [one for one in documents if kind_of(one.text) != "Court"][:8]:
            annotate(document, bob)
        refit(project)
        head, pool = head_of(project.pk), pool_of(project)
        assert head is not None and head.named
        unused = label_ids(project).index(project.labels.get(name="Court").pk)
        rows, _ = pool.rows_of(np.array([one.pk for one in documents if kind_of(one.text) == "Court"]))
        assert (predict_proba(head, pool.X[rows]).argmax(axis=1) == unused).mean() > 0.5

    def test_is_asked_at_once_when_names_were_read_also_between_two_points_of_the_curve(
        self, project: Project, bob: User, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(bridge_quick, "ALWAYS_CALIBRATED", 0)
        monkeypatch.setattr(bridge_quick, "_heads", {})
        documents = fill(project)
        read(project)
        told = []
        for at, document in enumerate(documents[:7], start=1):
            settings.RECIPE = {"label_names": at == 7}
            annotate(document, bob)
            refit(project)
            if (head := head_of(project.pk)) is not None:
                told.append(head.named)
        assert told == [*[False] * (len(told) - 1), True]

    def test_is_made_again_from_its_record_after_labels_are_renamed(self, project: Project, bob: User) -> None:
        documents = fill(project)
        read(project)
        for document in documents[:12]:
            annotate(document, bob, source="audit" if document in documents[:4] else "active")
        refit(project)
        version = ModelVersion.objects.get(project=project)
        names = kept(project.pk, version.settings["label_names"])
        assert names is not None and len(names) == 3 and load_head(version).named
        for label in project.labels.all():
            label.name = f"{label.name} 2"
            label.save()
        again = reproduce(version)
        assert again.largest_difference < 1e-5 and again.answers_changed == 0 and again.head_difference == 0


class TestStrategiesAndNames:
    def test_one_that_asks_for_names_speaks_of_them(self, project: Project) -> None:
        fill(project)
        read(by_names(project))
        refit(project)
        reasons = list(QueueEntry.objects.filter(project=project, stream="active").values_list("reason", flat=True))
        assert reasons and all("and perhaps for" in reason for reason in reasons)

    def test_it_waits_while_one_is_unread(self, project: Project) -> None:
        fill(project)
        read(by_names(project))
        assert ranking_names(project, pool_of(project), label_ids(project)) is not None
        Label.objects.create(project=project, name="Refund", position=9)
        assert ranking_names(project, pool_of(project), label_ids(project)) is None

    def test_it_has_them_also_where_a_text_may_have_several_labels(self) -> None:
        multi_project = make_project(kind="multi")
        fill(multi_project)
        read(by_names(multi_project))
        assert ranking_names(multi_project, pool_of(multi_project), label_ids(multi_project)) is not None

    def test_so_has_the_default_with_one_label_a_text_which_may_have_to_seek_one(self, project: Project) -> None:
        fill(project)
        read(project)
        assert ranking_names(project, pool_of(project), label_ids(project)) is not None

    def test_but_not_with_several_where_nothing_asks_for_them(self) -> None:
        multi_project = make_project(kind="multi")
        fill(multi_project)
        read(multi_project)
        assert ranking_names(multi_project, pool_of(multi_project), label_ids(multi_project)) is None
