"""A label that a tuned encoder has lost is asked about as the encoder as it came reads the texts."""

from __future__ import annotations

import numpy as np
import pytest

from labeller.annotation.models import QueueEntry
from labeller.corpus.models import Document
from labeller.learning import artifacts
from labeller.learning.bridges.pool import reader_of
from labeller.learning.models import LoopState
from labeller.projects.models import Project, User
from modelsvc.stores.store import EmbeddingStore
from tests.insight.scored import add_version
from tests.learning.scene import KINDS, annotate, fill, kind_of, read, read_names, refit, vectors

COMMON, RARE, OTHER = KINDS


def tuned(project: Project, *, without: int = 0) -> None:
    """A tuned encoder serves that reads texts of the rare kind as those of the common one. `without`: so many texts of
    the rare kind came after it began to serve."""
    texts = list(project.documents.order_by("pk"))
    late = [text for text in texts if kind_of(text.text) == RARE][-without:] if without else []
    read(project, without=late)
    version = add_version(project, n_labels=16, n_audit=0, kind="full", promoted=True)
    folder = artifacts.absolute(version.folder)
    folder.mkdir(parents=True)
    artifacts.write_json(folder / "meta.json", {"temperature": 1.0})
    LoopState.objects.update_or_create(project=project, defaults={"serving": version})
    places: list[Document] = []
    common = iter([text for text in texts if kind_of(text.text) == COMMON])
    for text in texts:
        places.append(next(common) if kind_of(text.text) == RARE else text)
    store = EmbeddingStore(reader_of(project).store_folder, sha256="1" * 64)
    store.append(np.array([text.pk for text in texts]), vectors(places))
    read_names(project)


def label(project: Project, annotator: User, *, rare: int) -> None:
    for kind, count in ((COMMON, 5), (OTHER, 5), (RARE, rare)):
        of_kind = [text for text in project.documents.order_by("pk") if kind_of(text.text) == kind]
        for text in of_kind[:count]:
            annotate(text, annotator)


def sought(project: Project) -> list[str]:
    """The kinds of the texts that are asked because the model never answers the rare label, in their order."""
    said = f"Asked because the model never answers {RARE} and this may be an example"
    entries = QueueEntry.objects.filter(project=project, stream="active", reason=said)
    return [kind_of(entry.document.text) for entry in entries.select_related("document").order_by("rank")]


@pytest.fixture(autouse=True)
def without_audit(project: Project) -> None:
    project.audit = False
    project.save()


@pytest.mark.parametrize("rare", [0, 1])
def test_its_texts_are_found_by_its_name_or_by_its_only_text(project: Project, bob: User, rare: int) -> None:
    fill(project)
    tuned(project)
    label(project, bob, rare=rare)
    refit(project)
    found = sought(project)
    assert len(found) == 3 and found.count(RARE) >= 2


def test_texts_that_came_after_it_are_left_alone(project: Project, bob: User) -> None:
    fill(project)
    tuned(project, without=9)
    label(project, bob, rare=1)
    refit(project)
    assert RARE not in sought(project)
