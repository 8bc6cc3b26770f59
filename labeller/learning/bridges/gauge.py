"""What is measured in the background, behind the loop: nothing waits for it."""

from __future__ import annotations

from django.db import transaction

from labeller.learning.bridges.orders import compare_orders
from labeller.learning.models import TrainingRun
from labeller.learning.runs import Heartbeat


def gauge(run: TrainingRun, beat: Heartbeat) -> None:
    """Compare the orders of labelling."""
    compared = compare_orders(run, beat)
    with transaction.atomic():
        if compared is not None:
            compared.save()
        beat.finish(stage="", log=[{"orders": compared.pk if compared else None}])
