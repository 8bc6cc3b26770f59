"""What language models said beside what people say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db.models.functions import Coalesce

from labeller.annotation.machine import MachineAnswer
from labeller.annotation.models import Source
from labeller.annotation.selectors import LabelSet, current_labels
from labeller.projects.models import Project

CHUNK = 1000


@dataclass(frozen=True)
class Pair:
    """One text that both have labelled."""

    annotator_id: int
    people: LabelSet
    machine: LabelSet
    is_audit: bool


def pairs(project: Project) -> Iterator[Pair]:
    """Every text that people and a language model have labelled, once for each model, in the order of document ids.
    Labels that came with a file are nobody's reading. Read in chunks: a few queries for each 1,000 labelled texts."""
    read = (row for row in current_labels(project) if row.is_audit or row.source != Source.IMPORT)
    while rows := list(islice(read, CHUNK)):
        truth = {row.document_id: row for row in rows}
        answers = MachineAnswer.objects.filter(document_id__in=truth, superseded_at=None).order_by("document_id", "pk")
        found = list(answers.values_list("pk", "document_id", "annotator_id"))
        given = machine_label_sets(pk for pk, _, _ in found)
        for pk, document_id, annotator_id in found:
            row = truth[document_id]
            yield Pair(annotator_id, row.label_ids, given.get(pk, ()), row.is_audit)


def machine_label_sets(answer_ids: Iterable[int]) -> dict[int, LabelSet]:
    """Machine answer's id -> its label ids, sorted, merged labels as what they became. One query."""
    through: Any = MachineAnswer.labels.through._default_manager
    rows = through.filter(machineanswer_id__in=list(answer_ids))
    sets: dict[int, set[int]] = {}
    for answer_id, label_id in rows.values_list("machineanswer_id", Coalesce("label__read_as_id", "label_id")):
        sets.setdefault(answer_id, set()).add(label_id)
    return {answer_id: tuple(sorted(labels)) for answer_id, labels in sets.items()}
