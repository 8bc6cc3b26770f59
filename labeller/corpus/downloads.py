"""What can be taken away: the refused lines of an import, streamed."""

from __future__ import annotations

import csv
from collections.abc import Iterator

from labeller.corpus.models import ImportJob, RefusedLine
from labeller.spreadsheets import plain_cell


class _Echo:
    """A file for csv.writer whose write hands the line back."""

    def write(self, line: str) -> str:
        return line


def refused_csv(job: ImportJob) -> Iterator[str]:
    """Lines of a CSV file: line number, reason, the row as it stood (its first 500
    characters). With a byte order mark, for spreadsheets."""
    writer = csv.writer(_Echo())
    yield "\ufeff" + str(writer.writerow(["line", "reason", "beginning"]))
    rows = RefusedLine.objects.filter(job=job).order_by("line").values_list("line", "reason", "beginning")
    for line, reason, beginning in rows.iterator(chunk_size=2000):
        yield str(writer.writerow([line, plain_cell(reason), plain_cell(beginning)]))
