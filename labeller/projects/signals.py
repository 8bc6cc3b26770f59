"""What projects tell the apps above them."""

from __future__ import annotations

from django.db import transaction
from django.dispatch import Signal

# After labels were merged, split, renamed or retired, once committed: send(sender=Label, project_id=int). What answers
# mean may have changed, though none was given.
labels_changed = Signal()


def tell_labels_changed(project_id: int) -> None:
    """Send `labels_changed` when (and only if) the running transaction commits."""
    from labeller.projects.models import Label

    transaction.on_commit(lambda: _send(Label, project_id), robust=True)


def _send(sender: type, project_id: int) -> None:
    labels_changed.send(sender=sender, project_id=project_id)
