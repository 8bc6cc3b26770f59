"""A test set as an import fills it: text by text, in force once the file is read whole, then in the place of the one
before it."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone

from labeller.corpus.labelbook import LabelBook
from labeller.corpus.models import ImportJob
from labeller.corpus.rows import Row
from labeller.corpus.testset import TestSet, TestText, delete_sets


def add_texts(job: ImportJob, rows: Sequence[Row], book: LabelBook) -> int:
    """These rows as test texts, within the batch's transaction; all have labels. The number of them."""
    facts = {"project": job.project, "name": job.file_name, "sha256": job.sha256}
    test_set, _ = TestSet.objects.get_or_create(job=job, defaults=facts)
    texts = TestText.objects.bulk_create(
        TestText(
            project=job.project,
            test_set=test_set,
            text=row.text,
            text_hash=row.text_hash,
            external_id=row.external_id,
            metadata=row.metadata,
        )
        for row in rows
    )
    through = TestText.labels.through
    through._default_manager.bulk_create(
        through(testtext_id=text.pk, label_id=label_id)
        for text, row in zip(texts, rows, strict=True)
        for label_id in sorted(set(book.ids(row.labels or ())))
    )
    return len(texts)


def put_in_force(job: ImportJob) -> None:
    """Within the transaction that ends the import: from now on this set measures. The one before it goes, and with it
    what was measured on it."""
    delete_sets(TestSet.objects.filter(project=job.project_id).exclude(job=job))
    TestSet.objects.filter(job=job).update(n_texts=job.added, ready_at=timezone.now())
