"""What is said where the audit has passed over many texts of a later import. Pure."""

from __future__ import annotations

from django.utils.translation import gettext as _

from labeller.annotation.audit_sample import AuditSample
from labeller.learning.triggers import ENOUGH_AUDIT
from labeller.numerals import whole


def passed_over(audit: int, sample: AuditSample) -> str:
    """Of which texts the figures of a model with so many audit texts are, after an import."""
    if sample.texts < ENOUGH_AUDIT:
        said = _(
            "Its %(audit)s audit texts are mostly from before the %(newer)s texts imported since. No figure of all "
            "texts, no share of a label and no advice follow from them. Audit answers still missing: %(wanting)s; "
            "until then every third text is an audit text."
        )
    elif sample.wanting:
        said = _(
            "Of its %(audit)s audit texts the %(texts)s with the lowest draws are a fair sample of all texts; among "
            "the others those from before the %(newer)s texts imported since are too many. Audit answers missing until "
            "the newer texts have caught up: %(wanting)s."
        )
    else:
        said = _(
            "Of its %(audit)s audit texts the %(texts)s with the lowest draws are a fair sample of all texts; among "
            "the others those from before the %(newer)s texts imported since are too many."
        )
    told = {"audit": audit, "texts": sample.texts, "newer": sample.newer, "wanting": sample.wanting}
    return said % {name: whole(count) for name, count in told.items()}
