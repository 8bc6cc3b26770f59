"""What learning hears from the apps below it, and what it does then."""

from __future__ import annotations

from django.db import transaction

from labeller.corpus.models import ImportJob
from labeller.corpus.testset import TestSet
from labeller.learning import artifacts, selectors, services


def on_annotations_changed(project_id: int, **_: object) -> None:
    """One more label: put the queue in order again. The task itself looks whether a full run is due."""
    services.request_refresh(project_id=project_id)


def on_labels_changed(project_id: int, **_: object) -> None:
    """Answers may mean something else now, and labels came or went: the heads' columns are others."""
    services.request_refresh(project_id=project_id)


def on_import_finished(job: ImportJob, **_: object) -> None:
    """New texts: read them, unless they are being read. A new test set: measure on it what there is."""
    if job.is_test:
        services.start_test(project=job.project, requested_by=job.created_by)
        return
    services.start_embedding(project=job.project, requested_by=job.created_by)


def on_test_set_deleted(instance: TestSet, **_: object) -> None:
    """What encoders read of it goes with it."""
    project_id, pk = instance.project_id, instance.pk  # the instance loses its key
    transaction.on_commit(lambda: artifacts.forget_test_set(project_id, pk))


def on_words_asked(words_id: int, **_: object) -> None:
    """Somebody waits at a page: hand it to a worker at once."""
    services.find_words(words_id=words_id)


def on_queue_order_asked(**_: object) -> bool:
    """Whether the queue may be served in its order: somebody must be alive to keep it."""
    return selectors.queue_is_kept()
