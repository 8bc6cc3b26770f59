"""What a replay measures: the models of this moment on texts that no project has."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.conf import settings

from labeller.learning.bridges.names import prototypes_of
from labeller.learning.bridges.pool import Reader, labelled, pool_arrays, reader_of
from labeller.learning.bridges.quick import head_of
from labeller.learning.bridges.versions import load_head
from labeller.learning.bridges.words import beside, views_for, views_of
from labeller.learning.models import LoopState
from labeller.projects.models import Project
from modelsvc.evaluation.evaluate import macro_f1
from modelsvc.heads.either import fit
from modelsvc.heads.quick import decide, predict_proba
from modelsvc.querying.strategies import STRATEGIES
from modelsvc.types import Embeddings, Head, Targets

BINS = 15  # of the calibration error


def known_policies() -> list[str]:
    return sorted(STRATEGIES)


@dataclass
class Examiner:
    """Asks the models of one project about the test texts. Reads these once for each encoder."""

    project: Project
    texts: list[str]
    Y: Targets  # (n, C), columns in the order of the project's labels
    _read: dict[str, Embeddings] = field(default_factory=dict)

    @property
    def label_ids(self) -> list[int]:
        return list(self.project.labels.order_by("position", "id").values_list("id", flat=True))

    def examine(self) -> dict[str, Any]:
        """Figures of the serving model (the promoted full version, else the quick one) and of the quick head over the
        serving encoder; and of a plain head over the encoder as it came, to see what tuning gave."""
        reader, started = reader_of(self.project), time.perf_counter()
        quick, plain = head_of(self.project.pk), self._plain_head()
        told: dict[str, Any] = {"quick": self._figures(quick, reader), "frozen": self._figures(plain, self._frozen())}
        loop = LoopState.objects.select_related("serving").filter(project=self.project).first()
        version = loop.serving if loop else None
        told["serving"] = told["quick"] if version is None else self._figures(load_head(version), reader)
        told["serving"] = dict(told["serving"] or {}) | {"full": version is not None}
        return told | {"seconds": round(time.perf_counter() - started, 2)}

    def _frozen(self) -> Reader:
        reader = reader_of(self.project)
        folder = reader.store_folder.with_name(self.project.encoder)
        return reader if reader.base is None else Reader(self.project.encoder, None, folder)

    def _plain_head(self) -> Head | None:
        labels, pool = labelled(self.project), pool_arrays(self._frozen().store_folder)
        if labels.kinds < 2 or not len(pool.ids):
            return None
        rows, found = pool.rows_of(labels.document_ids)
        views, seed = views_of(self.project, pool), self.project.seed
        others = beside(views, rows, seed=seed)
        names = prototypes_of(self.project, pool, labels.label_ids)
        multi = self.project.is_multi
        return fit(views[rows], labels.Y[found], pool=others, multi_label=multi, seed=seed, names=names)

    def _figures(self, head: Head | None, reader: Reader) -> dict[str, float] | None:
        if head is None or head.bias.shape[0] != self.Y.shape[1]:
            return None
        proba = predict_proba(head, views_for(head, self._embeddings(reader), self.texts))
        said = decide(head, proba)
        hits, occurs = int((self.Y & said).sum()), int(self.Y.sum() + said.sum())
        return {
            "accuracy": round(float((said == self.Y).all(axis=1).mean()), 4),
            "macro_f1": round(macro_f1(self.Y, said), 4),
            "micro_f1": round(2 * hits / max(occurs, 1), 4),
            "calibration_error": round(_calibration_error(proba, self.Y, multi_label=head.multi_label), 4),
        }

    def _embeddings(self, reader: Reader) -> Embeddings:
        if reader.key not in self._read:
            from modelsvc.encoding.encoder import Encoder

            encoder = Encoder.load(reader.encoder_folder(), threads=settings.TRAINING_THREADS)
            kept = {key: X for key, X in self._read.items() if key == self.project.encoder}
            self._read = kept | {reader.key: encoder.encode(self.texts)}
        return self._read[reader.key]


def _calibration_error(proba: np.ndarray[Any, Any], Y: Targets, *, multi_label: bool) -> float:
    """Expected calibration error in 15 bins of equal width: of the likeliest label, or over all labels of all texts."""
    sure = proba.ravel() if multi_label else proba.max(axis=1)
    right = Y.ravel() if multi_label else Y[np.arange(len(Y)), proba.argmax(axis=1)]
    bins = np.minimum((sure * BINS).astype(np.int64), BINS - 1)
    gaps = [abs(float((sure[bins == b] - right[bins == b]).sum())) for b in range(BINS)]
    return sum(gaps) / len(sure)
