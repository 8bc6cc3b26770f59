"""Where the strategy asks for label names, the embedding run reads them and the quick worker finds them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from labeller.annotation.models import QueueEntry
from labeller.learning.bridge_names import label_texts, names_of, unread_names, write_names
from labeller.learning.bridge_pool import reader_of
from labeller.learning.models import TrainingRun
from labeller.projects.models import Project
from tests.learning.scene import embed, fill, read, refit

pytestmark = pytest.mark.django_db


def by_names(project: Project) -> Project:
    project.strategy = "cold-names"
    project.save()
    return project


def readings(project: Project) -> int:
    return project.runs.filter(kind=TrainingRun.Kind.EMBED).count()


class Letters:
    """An encoder that counts letters, so that none need be loaded."""

    sha256, width = "letters", 26

    def encode(self, texts: Sequence[str], **_: object) -> NDArray[np.float32]:
        counts = np.array([[text.lower().count(chr(97 + at)) for at in range(26)] for text in texts], np.float32)
        lengths: NDArray[np.float32] = np.linalg.norm(counts, axis=1, keepdims=True).astype(np.float32)
        return counts / lengths


def test_the_embedding_run_reads_the_names_and_the_queue_speaks_of_them(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labeller.learning.bridge_embed.Encoder.load", lambda *_, **__: Letters())
    fill(project)
    embed(by_names(project))
    X = names_of(project, reader_of(project).store_folder)
    assert X is not None and X.shape == (project.labels.count(), 26)
    assert np.allclose(X, Letters().encode(label_texts(project)))
    refit(project)
    reasons = list(QueueEntry.objects.filter(project=project, stream="active").values_list("reason", flat=True))
    assert reasons and all("and perhaps for" in reason for reason in reasons)


def test_a_changed_name_or_description_is_read_anew_and_until_then_left_out(project: Project) -> None:
    fill(project)
    read(by_names(project))
    folder = reader_of(project).store_folder
    write_names(folder, label_texts(project), np.eye(project.labels.count(), 384, dtype=np.float32))
    assert unread_names(project, folder) == [] and names_of(project, folder) is not None
    label = project.labels.first()
    assert label is not None
    label.description = "What a company may do without asking."
    label.save()
    assert unread_names(project, folder)[0] == f"{label.name}. What a company may do without asking."
    before = readings(project)
    refit(project)  # orders the queue all the same, and asks for the names to be read
    assert QueueEntry.objects.filter(project=project, stream="active").exists()
    assert readings(project) == before + 1
    assert names_of(project, folder) is None and readings(project) == before + 1  # it is under way


def test_a_reading_that_failed_is_not_asked_for_again(project: Project) -> None:
    fill(project)
    read(by_names(project))
    TrainingRun.objects.create(project=project, kind=TrainingRun.Kind.EMBED, state=TrainingRun.State.FAILED)
    assert names_of(project, reader_of(project).store_folder) is None and readings(project) == 1


def test_other_strategies_have_no_use_for_names(project: Project) -> None:
    fill(project)
    read(project)
    folder = reader_of(project).store_folder
    assert unread_names(project, folder) == [] and names_of(project, folder) is None and readings(project) == 0
