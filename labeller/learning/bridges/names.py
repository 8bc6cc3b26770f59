"""A project's labels as texts that the encoder reads, and what heads and strategies get of it.

With one label a text names teach (modelsvc/heads/prototypes.py) and say where a label without texts may be sought
(modelsvc/querying/seeking.py), unless the recipe has `label_names` off; else only a strategy that asks for names wants
them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from django.conf import settings

from labeller.learning import services
from labeller.learning.bridges.pool import PoolArrays, Reader, next_reader_of
from labeller.learning.models import TrainingRun
from labeller.projects.models import Label, Project
from modelsvc.full_run.recipe_switches import recipe_with
from modelsvc.heads.name_store import NamesRead
from modelsvc.heads.prototypes import Prototypes, texts_of
from modelsvc.querying.strategies import ASK_NAMES
from modelsvc.types import Embeddings


def label_texts(project: Project, label_ids: list[int] | None = None) -> list[tuple[str, ...]]:
    """What the encoder reads of each label, in this order, else in the order of the columns of `labelled` in pool.py;
    nothing of one that is gone."""
    labels = Label.everything.filter(project=project) if label_ids is not None else project.labels.all()
    rows = labels.order_by("position", "id").values_list("id", "name", "description")
    texts = {pk: texts_of(name, description) for pk, name, description in rows}
    return list(texts.values()) if label_ids is None else [texts.get(pk, ()) for pk in label_ids]


def names_teach(project: Project) -> bool:
    return not project.is_multi and recipe_with(settings.RECIPE).label_names


def _wanted(project: Project) -> bool:
    return names_teach(project) or project.strategy in ASK_NAMES


def unread_names(project: Project, folder: Path) -> list[str]:
    """Names and descriptions that are wanted and not in the file beside the pool."""
    return _unread(project, NamesRead.load(folder))


def _unread(project: Project, known: NamesRead | None) -> list[str]:
    if not _wanted(project):
        return []
    texts = dict.fromkeys(text for label in label_texts(project) for text in label)
    return [text for text in texts if known is None or text not in known.texts]


def write_names(folder: Path, texts: list[str], X: Embeddings) -> None:
    """Texts (K) and their embeddings (K, D), beside those that were read before; each once, as it was read last."""
    known = NamesRead.load(folder)
    if known is not None and known.X.shape[1] == X.shape[1]:
        texts, X = [*known.texts, *texts], np.concatenate([known.X, X])
    last = {text: row for row, text in enumerate(texts)}
    NamesRead(tuple(last), X[list(last.values())]).save(folder)


def ask_for_names(project: Project, reader: Reader, pool: PoolArrays) -> None:
    """Have names read that are not yet: one was changed or a label added. Not while a reading is under way, nor where
    the last one failed or somebody cancelled it, nor with an encoder that another is about to follow."""
    if not _unread(project, pool.names) or reader != next_reader_of(project):
        return
    last = project.runs.filter(kind=TrainingRun.Kind.EMBED).order_by("-id").first()
    if last is None or last.state == TrainingRun.State.DONE:
        services.start_embedding(project=project)


def prototypes_of(project: Project, pool: PoolArrays, label_ids: list[int]) -> Prototypes | None:
    """The names that teach a head over the pool's encoder, by the columns of these labels; None where none do."""
    if pool.names is None or not names_teach(project):
        return None
    return pool.names.prototypes(label_texts(project, label_ids))


def prototypes_of_both(
    project: Project, one: PoolArrays, other: PoolArrays, label_ids: list[int]
) -> tuple[Prototypes | None, Prototypes | None]:
    """The names that teach heads over two encoders which are compared: none where one of them has not read as many yet,
    for the other must not win by that."""
    names = prototypes_of(project, one, label_ids), prototypes_of(project, other, label_ids)
    counts = {0 if of_one is None else len(of_one) for of_one in names}
    return names if len(counts) == 1 else (None, None)


def ranking_names(project: Project, pool: PoolArrays, label_ids: list[int]) -> Embeddings | None:
    """(C, D) for strategies; None where none wants them, and while one of them is to be read."""
    if pool.names is None or not _wanted(project):
        return None
    found = pool.names.prototypes(label_texts(project, label_ids))
    return found.of_each(len(label_ids)) if found is not None else None


def names_read(project: Project, pool: PoolArrays, label_ids: list[int]) -> Embeddings | None:
    """(C, D) of those labels' names that were read, zeros for the others; None where none was."""
    found = None if pool.names is None else pool.names.prototypes(label_texts(project, label_ids))
    return None if found is None else found.of_those_named(len(label_ids))
