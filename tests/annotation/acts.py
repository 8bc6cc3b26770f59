"""Short verbs for the tests of this package."""

import uuid

from labeller.annotation import services
from labeller.annotation.models import Annotation, Lease, QueueEntry
from labeller.annotation.selectors import label_counts


def give(project, annotator, served, *labels, status="labelled", key=None, seconds=3.0, comment="") -> Annotation:
    """Answer a served text."""
    return services.answer(
        project=project,
        annotator=annotator,
        lease_key=served.key,
        key=key or uuid.uuid4(),
        status=status,
        label_ids=[label.pk for label in labels],
        seconds=seconds,
        comment=comment,
    )


def one(project, annotator):
    """The next text for this person."""
    return services.serve(project=project, annotator=annotator, count=1)[0]


def work(project, person, label, count=60):
    """Answer whatever comes. Returns what was served, in order."""
    served = []
    for _ in range(count):
        found = services.serve(project=project, annotator=person, count=1)
        if not found:
            break
        served.append(found[0])
        give(project, person, found[0], label)
    return served


def rank(project, documents, stream="active", **facts) -> list[QueueEntry]:
    """Put these texts in the queue in this order, as learning does."""
    return QueueEntry.objects.bulk_create(
        QueueEntry(
            project=project, document=document, stream=stream, rank=at, **({"reason": "Asked for a test"} | facts)
        )
        for at, document in enumerate(documents)
    )


def free_and_reserved(documents, pool_size=None):
    """(texts a strategy may choose, the audit reserve in the order of its draws)."""
    from labeller.annotation.audit import audit_threshold

    threshold = audit_threshold(pool_size or len(documents))
    free = [document for document in documents if document.draw >= threshold]
    reserved = sorted((document for document in documents if document.draw < threshold), key=lambda one: one.draw)
    return free, reserved


def let_go(project, annotator, keys) -> int:
    """Leave the page: these texts go back."""
    held = dict(Lease.objects.filter(key__in=list(keys)).values_list("key", "expires_at"))
    return services.give_back(project=project, annotator=annotator, held=held)


def counts(project) -> dict[str, int]:
    """How many answers each label has."""
    return {label.name: count for label, count in label_counts(project)}
