"""Weighing the answers: how far people agree, how disagreements are settled, which labels a model doubts."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Count

from labeller.annotation.doubts import LabelDoubt
from labeller.annotation.models import NOT_ALONE, Annotation, Source
from labeller.annotation.selectors import Reading, answers_with_labels, label_sets
from labeller.learning.agreement import AgreementReading
from labeller.learning.bridges.consensus import Readings, readings_of, usable
from labeller.learning.bridges.doubts import ASKING, doubts_of
from labeller.learning.id_ranges import pack, unpack
from labeller.learning.models import TrainingRun
from labeller.learning.runs import Heartbeat
from labeller.projects.models import Label, Project
from modelsvc.annotators.consensus import settle
from modelsvc.annotators.people_agree import people_agree

CHUNK = 2_000


def weigh(run: TrainingRun, beat: Heartbeat) -> None:
    """Look at all answers of this moment and write what comes of it, at once."""
    project = run.project
    beat.tell("comparing people's answers", 0.05)
    reading = read_agreement(project)
    beat.tell(ASKING, 0.4)
    doubts = doubts_of(project, beat)
    reading.n_doubts = None if doubts is None else len(doubts)
    with transaction.atomic():
        LabelDoubt.objects.filter(project=project).delete()
        LabelDoubt.objects.bulk_create(doubts or [], batch_size=500)
        reading.save()
        beat.finish(stage="", log=[{"agreement": reading.pk, "doubts": reading.n_doubts}])


def read_agreement(project: Project) -> AgreementReading:
    """What is known now, not stored yet."""
    answers = list(_shared_answers(project))
    labels = list(Label.objects.filter(project=project).order_by("position", "id").values_list("pk", flat=True))
    drawn = {document_id for _, document_id, _, source in answers if source == Source.AUDIT}
    reading = AgreementReading(
        project=project,
        annotations=pack(id_ for id_, *_ in answers),
        drawn=pack(drawn),
        label_ids=labels,
        n_answers=answers_with_labels(project),
        seed=project.seed,
    )
    for name, value in figures_of(reading).items():
        setattr(reading, name, value)
    return reading


def figures_of(reading: AgreementReading) -> dict[str, Any]:
    """The figures, by field, from the answers that the reading names: what they were when it was made."""
    project, drawn = reading.project, set(unpack(reading.drawn))
    readings = readings_of(_by_document(unpack(reading.annotations)), reading.label_ids)
    readings = usable(readings, multi_label=project.is_multi)
    at_random = np.array([document_id in drawn for document_id in readings.document_ids], bool)
    answers, multi = readings.answers, project.is_multi
    mine = answers.only(at_random[answers.text]) if len(answers) else answers
    return {
        "people": readings.people,
        "overall": people_agree(answers, multi_label=multi, seed=reading.seed).to_dict(),
        "at_random": people_agree(mine, multi_label=multi, seed=reading.seed).to_dict(),
        "consensus": _consensus(readings, multi_label=multi),
    }


def _consensus(readings: Readings, *, multi_label: bool) -> dict[str, Any]:
    found = settle(readings.answers, multi_label=multi_label)
    return {
        "method": found.method,
        "people": found.people.tolist(),
        "answers": found.answers.tolist(),
        "accuracy": found.accuracy.tolist(),
        "settled": len(found.text),
    }


def _shared_answers(project: Project) -> Iterable[tuple[int, int, int, str]]:
    """(id, document, annotator, source) of the current answers to texts that two or more people read."""
    readings = Annotation.objects.filter(
        project=project, superseded_at=None, status=Annotation.Status.LABELLED
    ).exclude(source__in=NOT_ALONE)
    several = readings.order_by().values("document").annotate(n=Count("pk")).filter(n__gt=1).values("document")
    wanted = readings.filter(document__in=several).order_by("document_id", "id")
    return wanted.values_list("pk", "document_id", "annotator_id", "source")


def _by_document(annotation_ids: list[int]) -> list[tuple[int, list[Reading]]]:
    rows: list[tuple[int, int, Reading]] = []
    for start in range(0, len(annotation_ids), CHUNK):
        ids = annotation_ids[start : start + CHUNK]
        labels = label_sets(ids)
        found = Annotation.objects.filter(pk__in=ids).values_list("document_id", "pk", "annotator_id")
        rows += [(document_id, pk, (person, labels.get(pk, ()))) for document_id, pk, person in found]
    rows.sort()
    return [(document_id, [row[2] for row in group]) for document_id, group in groupby(rows, key=lambda row: row[0])]
