"""What learning tells the apps above it. Receivers live there, so that a run needs nothing from whoever reads of it."""

from __future__ import annotations

from django.db import transaction
from django.dispatch import Signal
from django.utils.translation import gettext_noop

# After a run has ended as done, failed or cancelled, once committed: send(sender=TrainingRun, run_id=int). A process
# killed in that moment does not send it; whoever must not miss one looks at the rows too.
run_ended = Signal()

# In each worker process when it starts, also in the place of a killed one, and twice a minute from then on: look for
# what killed processes left behind.
looking = Signal()

# When the results advise to stop: send(sender=…, project_id=int, labels=int, sentence=str), as often as one likes.
stop_advised = Signal()
STOP_ADVISED = gettext_noop(
    "At %(labels)s labels the signs speak for stopping: the results say which, and what was measured."
)


def tell_run_ended(run_id: int) -> None:
    """Send `run_ended` when (and only if) the running transaction commits. A receiver's error is logged: the run's own
    end must not fail by it."""
    from labeller.learning.models import TrainingRun

    transaction.on_commit(lambda: _send(TrainingRun, run_id), robust=True)


def tell_stop_advised(project_id: int, *, labels: int) -> None:
    """Send `stop_advised` when (and only if) the running transaction commits; errors as above."""
    sentence = STOP_ADVISED % {"labels": labels}
    transaction.on_commit(
        lambda: stop_advised.send(sender=None, project_id=project_id, labels=labels, sentence=sentence), robust=True
    )


def _send(sender: type, run_id: int) -> None:
    run_ended.send(sender=sender, run_id=run_id)
