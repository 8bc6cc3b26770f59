"""Labels on their way out, as a stream: one line per current answer, in chunks, whatever the size of the project.

In CSV, a cell that a spreadsheet would run as a formula gets an apostrophe in front (labeller/spreadsheets.py). JSON
Lines are exact.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from labeller.annotation.machine import MachineAnswer
from labeller.annotation.machine_selectors import machine_label_sets
from labeller.annotation.models import Annotation, Source
from labeller.annotation.selectors import label_sets
from labeller.annotation.told_aside import said_now
from labeller.projects.models import Label, Project
from labeller.spreadsheets import plain_cell

CHUNK = 1000
BETWEEN_LABELS = "|"

CONTENT_TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson; charset=utf-8"}
COLUMNS = [
    "id",
    "document",
    "text",
    "labels",
    "status",
    "annotator",
    "source",
    "seconds",
    "comment",
    "labelled_at",
    "reason",
    "probability",
    "pool_size",
    "model",
    "prediction",
    "guidelines",
    "metadata",
]


def rows(project: Project, *, with_times: bool = True) -> Iterator[dict[str, Any]]:
    """Every current answer as plain values, oldest first. `id` is the text's own id, empty where its file gave none;
    `document` our number, which tells every text from every other; `labels` a list of names as they are now, merged
    labels by what they became; `probability` that with which the text was drawn, 1 where it was chosen and not drawn;
    `prediction` what the model had said before, by label name; `guidelines` the number of the version under which it
    was given. What somebody told aside, unsure in a second look or with a comment, has a line of its own behind their
    answer, which stands. Behind all people's answers come those of language models. Answers to gold texts stay out:
    they label nothing, and whose they are is between that person and the managers. Without `with_times`
    nobody can tell from the lines how long anybody worked: `seconds` is empty, and `labelled_at` is a day."""
    names = dict(Label.everything.filter(project=project).values_list("pk", "name"))
    place = {pk: at for at, pk in enumerate(names)}
    current = (
        Annotation.objects.filter(said_now(), project=project)
        .exclude(source=Source.GOLD)
        .select_related("document", "annotator")
        .order_by("id")
    )
    last = 0
    while chunk := list(current.filter(id__gt=last)[:CHUNK]):  # by key: no cursor stays open while a client reads
        given = label_sets([annotation.pk for annotation in chunk])
        for annotation in chunk:
            labels = sorted(given.get(annotation.pk, ()), key=place.__getitem__)
            row = _row(annotation, [names[label] for label in labels], names)
            yield row if with_times else row | _untimed(annotation)
        last = chunk[-1].pk
    yield from _machine_rows(project, names, place)


def _machine_rows(project: Project, names: dict[int, str], place: dict[int, int]) -> Iterator[dict[str, Any]]:
    """What language models say, behind all people: `annotator` is the model's name, `source` llm."""
    current = MachineAnswer.objects.filter(project=project, superseded_at=None)
    current = current.select_related("document", "annotator").order_by("id")
    last = 0
    while chunk := list(current.filter(id__gt=last)[:CHUNK]):
        given = machine_label_sets(answer.pk for answer in chunk)
        for answer in chunk:
            labels = sorted(given.get(answer.pk, ()), key=place.__getitem__)
            facts = {
                "id": answer.document.external_id,
                "document": answer.document_id,
                "text": answer.document.text,
                "labels": [names[label] for label in labels],
                "status": Annotation.Status.LABELLED.value,
                "annotator": answer.annotator.name,
                "source": Source.LLM.value,
                "labelled_at": answer.created_at.isoformat(),
                "reason": answer.reason,
                "metadata": answer.document.metadata,
            }
            yield dict.fromkeys(COLUMNS) | facts | {"comment": "", "model": ""}
        last = chunk[-1].pk


def _row(annotation: Annotation, labels: list[str], names: dict[int, str]) -> dict[str, Any]:
    document = annotation.document
    prediction = annotation.prediction
    return {
        "id": document.external_id,
        "document": document.pk,
        "text": document.text,
        "labels": labels,
        "status": annotation.status,
        "annotator": annotation.annotator.username,
        "source": annotation.source,
        "seconds": annotation.seconds,
        "comment": annotation.comment,
        "labelled_at": annotation.created_at.isoformat(),
        "reason": annotation.reason,
        "probability": annotation.probability,
        "pool_size": annotation.pool_size,
        "model": annotation.model_key,
        "prediction": None if prediction is None else {names.get(int(id_), id_): p for id_, p in prediction.items()},
        "guidelines": annotation.guidelines_number,
        "metadata": document.metadata,
    }


def _untimed(annotation: Annotation) -> dict[str, Any]:
    return {"seconds": None, "labelled_at": annotation.created_at.date().isoformat()}


def jsonl_lines(found: Iterable[dict[str, Any]]) -> Iterator[str]:
    for row in found:
        yield json.dumps(row, ensure_ascii=False) + "\n"


def csv_lines(found: Iterable[dict[str, Any]]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    for row in found:
        yield _taken(buffer)
        writer.writerow([_cell(row[column]) for column in COLUMNS])
    yield _taken(buffer)


def lines(project: Project, file_format: str, *, with_times: bool = True) -> Iterator[str]:
    """The whole file in pieces. Raises KeyError for a format that is not in WRITERS."""
    return WRITERS[file_format](rows(project, with_times=with_times))


WRITERS: dict[str, Callable[[Iterable[dict[str, Any]]], Iterator[str]]] = {"csv": csv_lines, "jsonl": jsonl_lines}


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


def _cell(value: Any) -> str | float | int:
    if isinstance(value, (int, float)):
        return value
    if value is None:
        return ""
    if isinstance(value, list):
        value = BETWEEN_LABELS.join(value)
    elif isinstance(value, dict):
        value = json.dumps(value, ensure_ascii=False) if value else ""
    return plain_cell(value)
