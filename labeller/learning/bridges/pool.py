"""A project's pool and labels as arrays. Worker processes keep what they loaded: a refit must not read 10,000 texts'
embeddings again for one more label."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from django.conf import settings
from django.db.models import Count, Max
from numpy.typing import NDArray

from labeller.annotation.audit import reserve_below
from labeller.annotation.selectors import GoldRow, current_labels
from labeller.corpus.models import Document
from labeller.learning import artifacts
from labeller.learning.bridges.consensus import settled
from labeller.learning.models import LoopState, ModelVersion
from labeller.learning.triggers import kinds_among
from labeller.projects.models import Label, Project
from modelsvc.heads.name_store import NamesRead, mark
from modelsvc.stores.store import EmbeddingStore
from modelsvc.types import Embeddings, Rows, Targets

Ids = NDArray[np.int64]
KEPT = 4  # projects whose embeddings a process keeps: 10,000 texts of width 384 are 15 MB
KEPT_BYTES = 400_000_000  # of them all, but for the one in hand: 260,000 texts


class UnknownEncoder(Exception):
    """The project names an encoder that the owner's list does not have (any more)."""


@dataclass(frozen=True)
class Reader:
    """The encoder whose embeddings a project's quick model reads: one of the owner's list, or a tuned one."""

    encoder: str  # key of settings.ENCODERS
    base: ModelVersion | None  # the promoted full version; None: the encoder as it came
    store_folder: Path

    @property
    def key(self) -> str:
        return str(self.base.number) if self.base else self.encoder

    def encoder_folder(self) -> Path:
        """Raises UnknownEncoder, and modelsvc's EncoderError when its files are not there. Loads torch."""
        if self.base is not None:
            return artifacts.absolute(self.base.folder) / "encoder"
        return pretrained_folder(self.encoder)


def reader_of(project: Project) -> Reader:
    """The encoder that serves: the promoted one, or the one that came with the project. While a new one reads the
    pool, the one before it."""
    loop = LoopState.objects.select_related("serving").filter(project=project).first()
    return _reader(project, loop.serving if loop else None, (loop.reading if loop else "") or project.encoder)


def next_reader_of(project: Project) -> Reader:
    """The encoder that is to read what is not read yet: that of an earlier version which is to serve again, and the
    project's own also while another still serves."""
    loop = LoopState.objects.select_related("serving", "returning").filter(project=project).first()
    return _reader(project, (loop.returning or loop.serving) if loop else None, project.encoder)


def _reader(project: Project, base: ModelVersion | None, encoder: str) -> Reader:
    if base is not None:  # its own encoder: the project may start from another one by now
        return Reader(base.encoder, base, artifacts.embeddings_folder(project.pk, str(base.number)))
    return Reader(encoder, None, artifacts.embeddings_folder(project.pk, encoder))


def pretrained_folder(encoder: str) -> Path:
    """The folder of an encoder of the owner's list, verified as far as its name goes."""
    from modelsvc.encoding.encoder import resolve

    if encoder not in settings.ENCODERS:
        known = ", ".join(sorted(settings.ENCODERS))
        raise UnknownEncoder(f"The encoder '{encoder}' is not in this server's list ({known}). Add it to that list.")
    return resolve(settings.ENCODERS[encoder])


@dataclass(frozen=True)
class PoolArrays:
    """What has been read so far: N texts, in ascending order of id."""

    ids: Ids  # (N,)
    X: Embeddings  # (N, D)
    names: NamesRead | None = None  # what labels are called, by the same encoder

    def rows_of(self, ids: Ids) -> tuple[Rows, NDArray[np.bool_]]:
        """Where these documents (K,) are: rows of those found, and which of `ids` were found (K,)."""
        if not len(self.ids):
            return np.empty(0, np.int64), np.zeros(len(ids), bool)
        at = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        found = self.ids[at] == ids
        return at[found].astype(np.int64), found


_pools: OrderedDict[tuple[str, int, int], PoolArrays] = OrderedDict()
_draws: OrderedDict[int, tuple[tuple[int, int], Ids, NDArray[np.float64]]] = OrderedDict()


def pool_arrays(folder: Path) -> PoolArrays:
    """The store's embeddings, from this process's memory when nothing was read since."""
    store = EmbeddingStore(folder)
    key = (str(folder), store.count, mark(folder))
    if key not in _pools:
        same = [known for known in _pools if known[0] == key[0]]
        before = _pools[same[-1]] if same and same[-1][1] == key[1] else None
        for old in same:
            del _pools[old]
        names = NamesRead.load(folder)
        _pools[key] = _loaded(store, names) if before is None else replace(before, names=names)
    _pools.move_to_end(key)
    while len(_pools) > KEPT or (len(_pools) > 1 and sum(pool.X.nbytes for pool in _pools.values()) > KEPT_BYTES):
        _pools.popitem(last=False)
    return _pools[key]


def _loaded(store: EmbeddingStore, names: NamesRead | None) -> PoolArrays:
    ids, X = store.load()
    order = np.argsort(ids)
    in_order = bool((order[1:] > order[:-1]).all())
    return PoolArrays(ids, X, names) if in_order else PoolArrays(ids[order], X[order], names)


def draws(project_id: int) -> tuple[Ids, NDArray[np.float64]]:
    """Every document's id (P,), ascending, and its draw (P,); read again only when texts came or went."""
    documents = Document.objects.filter(project_id=project_id)
    size = documents.aggregate(n=Count("id"), newest=Max("id"))
    mark = (int(size["n"]), int(size["newest"] or 0))
    known = _draws.get(project_id)
    if known is None or known[0] != mark:
        table = np.array(
            list(documents.order_by("id").values_list("id", "draw")), dtype=[("id", np.int64), ("draw", np.float64)]
        )
        known = (mark, np.ascontiguousarray(table["id"]), np.ascontiguousarray(table["draw"]))
        _draws[project_id] = known
        while len(_draws) > KEPT:
            _draws.popitem(last=False)
    return known[1], known[2]


def reserve(project: Project, pool: tuple[Ids, NDArray[np.float64]] | None = None) -> Ids:
    """Ids of the texts that are set apart for the audit, whoever has labelled them so far. None where it is off.
    `pool`: the texts and their draws at another moment, both (P,)."""
    ids, draw = pool or draws(project.pk)
    return ids[draw < reserve_below(project, len(ids))]


@dataclass(frozen=True)
class Labelled:
    """The labelled texts as arrays: n texts, C labels in the order of `label_ids`."""

    document_ids: Ids  # (n,), ascending
    Y: Targets  # (n, C)
    is_audit: NDArray[np.bool_]  # (n,)
    may_teach: NDArray[np.bool_]  # (n,) may tune the encoder: neither an audit text nor of the audit's reserve
    answered_at: NDArray[np.float64]  # (n,) seconds since 1970 of the answer that decided
    label_ids: list[int]
    label_names: list[str]
    votes: NDArray[np.int64] = field(default_factory=lambda: np.empty((0, 2), np.int64))  # (v, 2) document, annotation

    @property
    def annotation_ids(self) -> list[int]:
        """The answers by which these texts were decided."""
        ids: list[int] = self.votes[np.isin(self.votes[:, 0], self.document_ids), 1].tolist()
        return ids

    @property
    def kinds(self) -> int:
        """How many kinds of text there are by their labels."""
        if not len(self.Y):
            return 0
        return kinds_among([tuple(np.flatnonzero(labels).tolist()) for labels in np.unique(self.Y, axis=0)])

    @property
    def counts(self) -> dict[str, int]:
        """How many labelled texts carry each label, by its name."""
        return dict(zip(self.label_names, self.Y.sum(axis=0, dtype=int).tolist(), strict=True))

    def with_labels(self, columns: list[int]) -> Labelled:
        """These columns alone, in this order: the labels as a model knew them."""
        return replace(
            self,
            Y=self.Y[:, columns],
            label_ids=[self.label_ids[c] for c in columns],
            label_names=[self.label_names[c] for c in columns],
        )

    def only(self, keep: NDArray[np.bool_] | Rows) -> Labelled:
        return Labelled(
            self.document_ids[keep],
            self.Y[keep],
            self.is_audit[keep],
            self.may_teach[keep],
            self.answered_at[keep],
            self.label_ids,
            self.label_names,
            self.votes,
        )


def labelled(
    project: Project,
    rows: list[GoldRow] | None = None,
    pool: tuple[Ids, NDArray[np.float64]] | None = None,
    *,
    retired: bool = False,
) -> Labelled:
    """What people say now, or said in `rows`, when the texts were `pool` (as in `reserve`). Rows whose label was
    deleted since are left out in single-label projects. `retired`: with columns also for labels that were merged or
    split since, as earlier models knew them."""
    known = Label.everything if retired else Label.objects
    labels = list(known.filter(project=project).order_by("position", "id").values_list("id", "name"))
    column = {label_id: at for at, (label_id, _) in enumerate(labels)}
    wanted = list(current_labels(project)) if rows is None else rows
    wanted = settled(wanted, [label_id for label_id, _ in labels], multi_label=project.is_multi)
    if not project.is_multi:
        wanted = [row for row in wanted if len(row.label_ids) == 1 and row.label_ids[0] in column]
    Y = np.zeros((len(wanted), len(labels)), np.uint8)
    for at, row in enumerate(wanted):
        Y[at, [column[label_id] for label_id in row.label_ids if label_id in column]] = 1
    document_ids = np.fromiter((row.document_id for row in wanted), np.int64, len(wanted))
    is_audit = np.fromiter((row.is_audit for row in wanted), bool, len(wanted))
    return Labelled(
        document_ids,
        Y,
        is_audit,
        ~is_audit & ~np.isin(document_ids, reserve(project, pool)),
        np.fromiter((row.created_at.timestamp() for row in wanted), np.float64, len(wanted)),
        [label_id for label_id, _ in labels],
        [name for _, name in labels],
        np.array([(row.document_id, vote) for row in wanted for vote in row.annotation_ids], np.int64).reshape(-1, 2),
    )


def texts_of(ids: Ids) -> list[str]:
    """The texts of these documents, in this order."""
    return those_of(ids, texts_by_id(ids))


def those_of(ids: Ids, found: dict[int, str]) -> list[str]:
    """The same of texts that were `found` already."""
    return [found[id_] for id_ in ids.tolist() if id_ in found]


def texts_by_id(ids: Ids) -> dict[int, str]:
    """Of those of these documents that are there still."""
    found: dict[int, str] = {}
    for start in range(0, len(ids), 5000):
        part = [int(i) for i in ids[start : start + 5000]]
        found |= dict(Document.objects.filter(pk__in=part).values_list("id", "text"))
    return found
