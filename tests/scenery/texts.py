"""Texts: how they come in, and how they are found."""

from __future__ import annotations

from uuid import uuid4

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from labeller.corpus.models import ImportJob, RefusedLine
from labeller.search.bulk import begin
from tests.cast import add_texts
from tests.learning.scene import KINDS
from tests.scenery.stage import Seen, Stage

STATES = ("queued", "failed", "cancelled")  # of imports, besides those that wait for a mapping or are done


def pool(stage: Stage) -> list[Seen]:
    """Long texts beside the short ones of the models."""
    add_texts(stage.project, [f"A clause that nobody has read, number {at}. " * 30 for at in range(12)])
    return []


def imports(stage: Stage) -> list[Seen]:
    """A file that waits for its columns, one that is in, and those that are not."""
    file = SimpleUploadedFile("more.csv", b"text,label\nOne more,Court\nAnother,Change\n")
    posted = stage.client.post(reverse("import-new", args=[stage.project.slug]), {"file": file})
    done = _job(stage, "done", rows_read=9, added=7, duplicates=1, refused=1)
    RefusedLine.objects.create(job=done, line=3, reason="the text is empty", beginning="")
    reason = "The file is not UTF-8: line 2 has a byte that no UTF-8 text has."
    ended = [_job(stage, state, reason=reason if state == "failed" else "") for state in STATES]
    return [
        *(stage.of(name) for name in ("data", "import-new")),
        Seen("import-map", posted.headers["Location"]),
        *(stage.of("import-map", job.key) for job in (done, *ended)),
        stage.of("import-new-test"),
        stage.of("data", project=stage.called("Empty")),
    ]


def _job(stage: Stage, state: str, **facts: object) -> ImportJob:
    return ImportJob.objects.create(
        project=stage.project, file_name=f"{state}.csv", path="x", size=9, sha256="5f" * 32, state=state, **facts
    )


def search(stage: Stage) -> list[Seen]:
    """Found, nothing found, nothing to find; many filters; a list that is labelled at once, and what came of it."""
    label, several = stage.project.labels.all()[0], stage.called("Several")
    unread = stage.project.documents.order_by("-pk")[0].pk
    act = begin(
        project=stage.project,
        annotator=stage.alice,
        key=uuid4(),
        document_ids=[unread],
        label_ids=[label.pk],
        found_by="“clause”",
    )
    beside = stage.project.documents.get(text=KINDS["Court"][0]).pk
    return [
        *(stage.of("search", query=query) for query in ("", "?q=clause", "?q=zeppelin", f"?like={beside}")),
        stage.of("search", query=f"?q=clause&label={label.pk}&status=labelled"),
        stage.of("search-bulk", query="?q=clause"),
        stage.of("search-act", act.key),
        *(stage.of("search", query=query, project=several) for query in ("", "?q=clause")),
        stage.of("search-bulk", query="?q=clause", project=several),
        stage.of("search", project=stage.called("Empty")),
    ]
