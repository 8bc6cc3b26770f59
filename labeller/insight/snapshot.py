"""The answers a version learnt from, as a file: one line an answer, read in chunks."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from labeller.annotation.models import Annotation
from labeller.annotation.selectors import label_sets
from labeller.learning.id_ranges import unpack
from labeller.learning.models import ModelVersion
from labeller.projects.models import Label
from labeller.spreadsheets import plain_cell

COLUMNS = ("answer", "document", "id", "labels", "source", "answered_at")
CHUNK = 1000


def snapshot_csv(version: ModelVersion) -> Iterator[str]:
    """`answer` and `document` are our numbers, `id` the text's own. Raises VersionSnapshot.DoesNotExist for a version
    from before they were kept."""
    ids = unpack(version.snapshot.annotations)
    names = dict(Label.everything.filter(project=version.project_id).values_list("pk", "name"))
    yield _line(COLUMNS)
    for start in range(0, len(ids), CHUNK):
        answers = Annotation.objects.filter(pk__in=ids[start : start + CHUNK]).select_related("document")
        given = label_sets(ids[start : start + CHUNK], {})  # as they were given, whatever was merged since
        for one in answers.order_by("id"):
            labels = "|".join(names[label] for label in given.get(one.pk, ()))
            cells = (one.pk, one.document_id, plain_cell(one.document.external_id), plain_cell(labels), one.source)
            yield _line((*cells, one.created_at.isoformat()))


def _line(cells: tuple[object, ...]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
