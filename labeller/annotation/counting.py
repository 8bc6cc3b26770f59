"""What serving would otherwise have to count again, kept equal to the answers there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from labeller.annotation.models import NO_READING, Annotation, ServingCounter, Source

Status = Annotation.Status


# Found texts too: else a thousand of them labelled at once would make the audit due for days.
NOT_SERVED = (*NO_READING, Source.SEARCH)


def count_answers(counter: ServingCounter, *, added: Collection[Annotation], removed: Collection[Annotation]) -> None:
    """Keep the counters equal to the current labelled answers to texts that were served because they want answers."""
    labelled = sum(map(_counts, added)) - sum(map(_counts, removed))
    audit = sum(map(_counts_as_audit, added)) - sum(map(_counts_as_audit, removed))
    counter.labelled = max(0, counter.labelled + labelled)
    counter.audit_labelled = max(0, counter.audit_labelled + audit)
    more: Counter[int] = Counter()  # text -> audit answers that it has more than before
    more.update(row.document_id for row in added if _counts_as_audit(row))
    more.subtract(row.document_id for row in removed if _counts_as_audit(row))
    if any(more.values()):
        counter.audit_repeated = max(0, counter.audit_repeated + _more_repeated(more))


def _more_repeated(more: Counter[int]) -> int:
    """By how much the answers have grown that repeat another one to their text; one answer may replace several."""
    audit = Annotation.objects.filter(
        document_id__in=more, superseded_at=None, source=Source.AUDIT, status=Status.LABELLED
    )
    now = Counter(audit.values_list("document_id", flat=True))
    return sum(max(0, now[text] - 1) - max(0, now[text] - by - 1) for text, by in more.items())


def _counts(annotation: Annotation) -> bool:
    return annotation.status == Status.LABELLED and annotation.source not in NOT_SERVED


def _counts_as_audit(annotation: Annotation) -> bool:
    return _counts(annotation) and annotation.source == Source.AUDIT
