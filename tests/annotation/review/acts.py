"""Short verbs for the tests of the review."""

import uuid

from labeller.annotation import reviewing
from labeller.annotation.doubts import LabelDoubt
from labeller.annotation.models import Annotation, Source
from labeller.annotation.review_selectors import QUEUES, case_of


def say(document, person, *labels, status="labelled", source=Source.ACTIVE, comment="", **facts):
    annotation = Annotation.objects.create(
        key=uuid.uuid4(),
        project=document.project,
        document=document,
        annotator=person,
        status=status,
        source=source,
        comment=comment,
        **facts,
    )
    annotation.labels.set(labels)
    return annotation


def decide(project, reviewer, document, *labels, key=None, **facts):
    return reviewing.decide(
        project=project,
        reviewer=reviewer,
        document=document,
        key=key or uuid.uuid4(),
        label_ids=[label.pk for label in labels],
        **facts,
    )


def leave(project, reviewer, document, **facts):
    """Leave it as it is, as whoever has just looked does."""
    case = case_of(document)
    seen = {"newest": case.newest, "seen": case.mark} | facts
    return reviewing.leave_as_it_is(project=project, reviewer=reviewer, document=document, **seen)


def doubt(document, given, suggested, *, score=0.9):
    newest = document.annotations.order_by("-pk").first()
    return LabelDoubt.objects.create(
        project=document.project,
        document=document,
        score=score,
        given=[given.pk],
        suggested=[suggested.pk],
        prediction={str(suggested.pk): score, str(given.pk): 1 - score},
        model_key="quick-x-30",
        answers_until=newest.pk,
    )


def waiting(project, queue):
    return list(QUEUES[queue].texts(project))
