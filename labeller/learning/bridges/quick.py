"""The quick loop: labels so far -> head -> the pool in order -> the queue's rows. No torch: numpy and the stored
embeddings are all it needs, so that a quick worker stays small."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from labeller.annotation.models import QueueEntry, Ranking
from labeller.learning import artifacts, automatic
from labeller.learning.bridges.answers import keep_answers
from labeller.learning.bridges.deciding import audit_can_tell
from labeller.learning.bridges.material import Refit
from labeller.learning.bridges.names import ask_for_names
from labeller.learning.bridges.outlook import keep_outlook
from labeller.learning.bridges.pool import Reader, draws, labelled, pool_arrays, reader_of
from labeller.learning.bridges.ranking import ACTIVE_HEAD, active_entries, audit_entries, begun_entries, model_key
from labeller.learning.bridges.reading import read_off, write_reading
from labeller.learning.bridges.running import note_running, note_thresholds
from labeller.learning.bridges.still_asked import streams
from labeller.learning.bridges.testscore import answered_at_once, note_test
from labeller.learning.bridges.versions import Made, score_audit, store, sureness_of
from labeller.learning.models import LoopState, ModelVersion, PoolReading
from labeller.learning.runs import Superseded
from labeller.learning.selectors import newest_quick_version
from labeller.learning.triggers import has_outgrown, is_milestone
from labeller.projects.models import Label, Project
from modelsvc.full_run.halves_facts import sureness_in
from modelsvc.heads.either import fit
from modelsvc.heads.quick import predict_proba
from modelsvc.heads.sureness import NOTHING_KNOWN
from modelsvc.stores.store import EmbeddingStore
from modelsvc.types import Head, Proba

ALWAYS_CALIBRATED = 250  # labelled texts up to which every refit calibrates anew; then it takes a quarter of a second
ALWAYS_CALIBRATED_WORDS = 500  # the same for heads that read words, whose folds take four times as long


@dataclass(frozen=True)
class Fitted:
    """A head that this process remembers, to start from and to keep the calibration of."""

    of: tuple[str, tuple[int, ...], int]  # store folder, labels, names: what must be the same
    head: Head
    calibrated_on: int  # labelled texts


_heads: dict[int, Fitted] = {}


def refit(project_id: int, token: uuid.UUID) -> None:
    """Put the project's queue in order by its labels of this moment. Raises Superseded when the claim was lost."""
    started = time.perf_counter()
    project = Project.objects.get(pk=project_id)
    reader = reader_of(project)
    pool = pool_arrays(reader.store_folder)
    if not len(pool.ids):
        return  # nothing is read yet: annotation serves in random order
    everything = labelled(project)
    rows, found = pool.rows_of(everything.document_ids)
    material = Refit(project, reader, pool, everything.only(found), rows, started)
    milestone = _is_milestone(reader, project, len(rows), read=len(pool.ids))
    head = _fit(material, calibrate=milestone) if material.labels.kinds >= 2 else None
    proba = predict_proba(head, material.views) if head is not None else None
    asked = streams(material)
    if head is None and not len(asked.begun) and _cold_order_stands(project, len(pool.ids)):
        _note(project_id, token, len(rows))
        return
    thresholds = head.thresholds if head is not None and project.is_multi else None
    entries = active_entries(material, asked.fresh, proba, thresholds) + begun_entries(material, asked.begun)
    entries += audit_entries(material, asked.audit, proba)
    _write(material, token, entries, head)
    ask_for_names(project, reader, pool)  # behind the new order: whoever labels waits for that
    if head is not None and proba is not None:
        keep_answers(material, proba, head)
        if milestone:
            _store_version(material, token, head, proba)
        taught = everything.only(everything.may_teach)
        automatic.consider_full(
            project,
            labels=len(everything.Y),
            teaching=len(taught.Y),
            kinds=taught.kinds,
            audit_can_tell=audit_can_tell(project, everything),
        )


def _fit(material: Refit, *, calibrate: bool) -> Head:
    """Warm-started from this process's last head when that had the same labels, their names and embeddings; never one
    that is to be stored, which must be the same when it is made again. With many labels such a head is calibrated anew
    only when `calibrate` says so, or when as many labels came since: another process may have made the points of the
    curve. The folds take several times as long as the fit."""
    project, labels = material.project, material.labels.only(material.fitted)
    of, always = _same(material), ALWAYS_CALIBRATED_WORDS if project.is_multi else ALWAYS_CALIBRATED
    known = _heads.get(project.pk)
    warm = known if known and known.of == of and not calibrate else None
    kept_from = warm.calibrated_on if warm and len(labels.Y) > always else 0
    anew = not kept_from or is_milestone(len(labels.Y), labels_at_last_version=kept_from)
    # A tuned encoder has seen the texts it was taught with: only the audit texts can say how sure the head may be, or,
    # while they are too few, what was found when it was made.
    base = material.reader.base
    unseen, as_made = (labels.is_audit, sureness_of(base)) if base else (None, NOTHING_KNOWN)
    head = fit(
        material.views[material.rows[material.fitted]],
        labels.Y,
        multi_label=project.is_multi,
        pool=material.others,
        warm=warm.head if warm else None,
        seed=project.seed,
        calibrate=anew,
        calibrate_on=unseen,
        names=material.names,
        untold=as_made,
    )
    _heads[project.pk] = Fitted(of, head, len(labels.Y) if anew else kept_from)
    return head


def _same(material: Refit) -> tuple[str, tuple[int, ...], int]:
    names = hash(material.names.X.tobytes()) if material.names is not None else 0
    return str(material.reader.store_folder), tuple(material.labels.label_ids), names


def head_of(project_id: int) -> Head | None:
    """The head that this process fitted last for the project; None before the first."""
    known = _heads.get(project_id)
    return known.head if known else None


def _cold_order_stands(project: Project, pool_size: int) -> bool:
    """Whether the medoids are in the queue already and the pool has not grown: one label changes nothing for them."""
    cold = Ranking.objects.filter(project=project, model_key="", pool_size=pool_size).exists()
    waiting = QueueEntry.objects.filter(project=project, stream=QueueEntry.Stream.ACTIVE).exclude(
        document__annotations__superseded_at=None, document__annotations__isnull=False
    )
    return cold and waiting.count() >= ACTIVE_HEAD // 4


def _note(project_id: int, token: uuid.UUID, n_labels: int) -> None:
    rows = LoopState.objects.filter(project_id=project_id, refresh_claim=token)
    rows.update(refreshed_at=timezone.now(), refresh_labels=n_labels)


def _write(material: Refit, token: uuid.UUID, entries: list[QueueEntry], head: Head | None) -> None:
    """The whole new order at once, unless somebody else holds the claim by now. Raises Superseded."""
    project, now = material.project, timezone.now()
    base = material.reader.base
    name = "groups of similar texts, before there is a model"
    if head is not None:
        name = f"the quick model over fine-tuned model {base.number}" if base else "the quick model"
    facts = {
        "model_key": model_key(material) if head is not None else "",
        "model_name": name,
        "labels_seen": len(material.rows),
        "pool_size": len(material.pool.ids),
        "ranked_at": now,
    }
    with transaction.atomic():
        _hold(material, token)
        QueueEntry.objects.filter(project=project).delete()
        QueueEntry.objects.bulk_create(entries)
        Ranking.objects.update_or_create(project=project, defaults=facts)
        if head is not None:
            note_thresholds(project, model_key(material), head, material.labels.label_ids)


def _hold(material: Refit, token: uuid.UUID) -> None:
    """Lock the claim until the transaction ends, so that what it writes is nobody else's turn. Raises Superseded."""
    loop = LoopState.objects.filter(project=material.project, refresh_claim=token)
    if not loop.update(refreshed_at=timezone.now(), refresh_labels=len(material.rows)):
        raise Superseded(f"The refit of project {material.project.pk} was taken over.")


def _is_milestone(reader: Reader, project: Project, n_labels: int, *, read: int) -> bool:
    """Whether labels have grown enough since the last quick model over the same encoder, or are other labels by now:
    what a model says of the pool and of each label must not speak of merged ones. So must it not of a pool that an
    import has made larger since, once nearly all of it is `read`."""
    newest = newest_quick_version(project.pk, base=reader.base, encoder=reader.encoder)
    if newest is None:
        return is_milestone(n_labels, labels_at_last_version=0)
    now = set(Label.objects.filter(project=project).values_list("pk", flat=True))
    if set(newest.label_ids) != now or is_milestone(n_labels, labels_at_last_version=newest.n_labels):
        return True
    known = PoolReading.objects.filter(version=newest).values_list("pool_size", flat=True).first()
    is_read = not has_outgrown(len(draws(project.pk)[0]), texts_at_last=read)
    return known is not None and is_read and has_outgrown(read, texts_at_last=known)


def _store_version(material: Refit, token: uuid.UUID, head: Head, proba: Proba) -> ModelVersion:
    """A point of the curve, and what it says of the pool (N, C). Raises Superseded."""
    project, reader, fitted = material.project, material.reader, material.fitted
    tuned = reader.base is not None
    audit = score_audit(
        material.views[material.rows[fitted]],
        material.labels.only(fitted),
        pool=material.others,
        names=material.names,
        multi_label=project.is_multi,
        tuned=tuned,
        seed=project.seed,
        untold=sureness_in(reader.base.settings) if reader.base else NOTHING_KNOWN,
    )
    reading = read_off(project, material.pool.ids, proba, head, material.labels, audit.unseen, tuned=tuned)
    made = Made(
        project=project,
        kind=ModelVersion.Kind.QUICK,
        head=head,
        labels=material.labels,
        audit=audit,
        base=reader.base,
        encoder=reader.encoder,
        encoder_sha256=EmbeddingStore(reader.store_folder).sha256,
        seed=project.seed,
        duration_s=time.perf_counter() - material.started,
        settings={"strategy": project.strategy, "fitted_on": len(fitted)},
        looked_at=material.pool.ids,
        names=material.names,
    )
    tested = answered_at_once(project, reader, head, material.labels.label_ids)
    with transaction.atomic():
        _hold(material, token)
        version = store(made, artifacts.fresh_work_folder(project.pk, uuid.uuid4()))
        keep_outlook(version, write_reading(version, reading), made)
        note_running(project, n_labels=len(material.labels.document_ids))
        note_test(version, tested)
    return version
