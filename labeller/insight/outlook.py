"""What the newest reading of the pool allows to say: each label's share, a forecast, advice to stop.

All was worked out when the model was made (labeller/learning/bridges/outlook.py) and is only read here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf, isinf
from typing import Any

from django.db.models import Count, Subquery

from labeller.annotation.audit_sample import AuditSample
from labeller.corpus.models import Document
from labeller.insight.extrapolation import Curve
from labeller.insight.selectors import Estimate, LabelScore, Standing, VersionScore, current_of
from labeller.learning.models import PoolReading
from labeller.learning.triggers import ENOUGH_AUDIT, has_outgrown
from labeller.projects.models import Label, Project


@dataclass(frozen=True)
class PoolShare:
    """One label's part of the pool."""

    label: Label
    share: Estimate
    texts: Estimate  # the same in texts
    met: int  # audit texts that carry it


@dataclass(frozen=True)
class Law:
    """A fitted learning curve whose back-test has an outcome."""

    labels: int  # at the newest point
    points: int
    miss: float  # of the back-test, as a share of texts
    passed: bool
    best: Curve
    drawn: list[Curve]
    more: int
    gain: Estimate  # of `more` labels
    texts: float = inf  # of the pool: no more can be labelled
    fell: bool = False  # the points of the curve do

    @classmethod
    def read(cls, stored: Any, *, texts: int) -> Law | None:
        if not stored:
            return None
        value, low, high = stored["gain"]
        return cls(
            labels=stored["labels"],
            points=stored["points"],
            miss=stored["miss"],
            passed=stored["passed"],
            best=_curve(stored["best"]),
            drawn=[_curve(curve) for curve in stored["drawn"]],
            more=stored["more"],
            gain=Estimate(value, low, high),
            texts=texts,
            fell=stored.get("fell", False),
        )

    @property
    def left(self) -> int:
        """Texts that can still be labelled; a pool of no known size has no end."""
        return 0 if isinf(self.texts) else max(0, int(self.texts) - self.labels)


@dataclass(frozen=True)
class Reading:
    """The row of the model in use."""

    number: int
    n_audit: int
    pool_size: int
    doubtful: float
    entropy: float
    unchanged: float | None
    law: Law | None
    advice: dict[str, Any]
    shares: list[PoolShare]  # largest first; none below 30 audit texts
    label_names: dict[int, str]
    sample: AuditSample | None = None  # audit texts behind all this; None: all of them
    texts: int = 0  # of the pool today

    @property
    def is_outgrown(self) -> bool:
        """Whether so many texts came since that nothing it says of the pool holds."""
        return has_outgrown(self.texts, texts_at_last=self.pool_size)

    @property
    def missing(self) -> int:
        """Audit texts without which no share is told."""
        return max(0, ENOUGH_AUDIT - self.n_audit)

    @property
    def n_sampled(self) -> int:
        """Audit texts that are a uniform sample of the texts it speaks of."""
        return self.sample.texts if self.sample else self.n_audit


def reading_of(project: Project, standing: Standing, by_label: list[LabelScore]) -> Reading | None:
    """What the model in use says; None where there is none, or it is older than readings are. One query."""
    if standing.current is None:
        return None
    row = _row(project, standing.current.number)
    if row is None:
        return None
    return Reading(
        number=row.version.number,
        n_audit=row.version.n_audit,
        pool_size=row.pool_size,
        doubtful=row.doubtful,
        entropy=row.entropy,
        unchanged=row.unchanged,
        law=Law.read(row.forecast, texts=row.pool_size),
        advice=row.advice or {},
        shares=_shares(row, by_label),
        sample=AuditSample.read(row.audit_sample),
        label_names={score.label.pk: score.label.name for score in by_label},
        texts=row.texts_now or 0,
    )


def law_of(project: Project, versions: Iterable[VersionScore]) -> Law | None:
    """The law fitted when the model in use was made; None also where the pool has outgrown it. One query."""
    current = current_of(versions)
    row = _row(project, current.number if current else 0)
    if row is None or has_outgrown(row.texts_now or 0, texts_at_last=row.pool_size):
        return None
    return Law.read(row.forecast, texts=row.pool_size)


def _row(project: Project, number: int) -> Any:
    """The version's reading, with the number of texts that the pool has by now as `texts_now`."""
    documents = Document.objects.filter(project=project).order_by().values("project")
    return (
        PoolReading.objects.select_related("version")
        .defer("version__metrics", "version__settings")
        .annotate(texts_now=Subquery(documents.annotate(n=Count("pk")).values("n")))
        .filter(version__project=project, version__number=number)
        .first()
    )


def _shares(row: PoolReading, by_label: list[LabelScore]) -> list[PoolShare]:
    stored = dict(zip(row.version.label_ids, row.shares, strict=False))  # no shares: nothing to pair
    found = [
        PoolShare(
            score.label,
            share,
            Estimate(*(row.pool_size * part for part in (share.value, share.low, share.high))),
            score.support,
        )
        for score in by_label
        for share in (Estimate.read(stored.get(score.label.pk)),)
        if share is not None
    ]
    return sorted(found, key=lambda part: -part.share.value)


def _curve(stored: list[float]) -> Curve:
    a, b, c = stored
    return a, b, c
