"""Doubts told in a second look beside one's own answer: that answer stands, and the doubt is heard all the same."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q

from labeller.annotation.models import BESIDE_ANSWERS, Annotation


def told_aside() -> Q:
    """Of the answers kept aside those that say something, unsure or with a comment, as long as the answer that their
    giver has left standing does: not once anybody has looked at the text again, or they themselves."""
    stands = Annotation.objects.filter(
        document=OuterRef("document"), annotator=OuterRef("annotator"), superseded_at=None, pk__lt=OuterRef("pk")
    ).exclude(source__in=BESIDE_ANSWERS)
    return Q(aside=True) & (Q(status=Annotation.Status.UNSURE) | ~Q(comment="")) & Q(Exists(stands))


def said_now() -> Q:
    """Of all answers the current ones, and what was told aside."""
    return Q(superseded_at=None) | told_aside()
