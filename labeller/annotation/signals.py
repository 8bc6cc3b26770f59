"""What annotation tells the apps above it. Receivers live there, so that serving a text needs nothing from learning."""

from __future__ import annotations

from django.db import transaction
from django.dispatch import Signal

# After an answer, an undo or an import of labels, once committed: send(sender=Annotation, project_id=int).
annotations_changed = Signal()

# Before the model's queue is served: send(sender=QueueEntry, project_id=int). A receiver that returns False says that
# nobody keeps the queue in order any more (no worker is alive); texts then come in random order.
queue_order_asked = Signal()

# When somebody asks which words moved a suggestion, once committed: send(sender=MovedWords, words_id=int).
words_asked = Signal()


def tell_words_asked(words_id: int) -> None:
    """Send `words_asked` when (and only if) the running transaction commits."""
    from labeller.annotation.moved_words import MovedWords

    transaction.on_commit(lambda: words_asked.send(sender=MovedWords, words_id=words_id), robust=True)


def tell_annotations_changed(project_id: int) -> None:
    """Send `annotations_changed` when (and only if) the running transaction commits."""
    from labeller.annotation.models import Annotation

    transaction.on_commit(lambda: _send(Annotation, project_id), robust=True)


def _send(sender: type, project_id: int) -> None:
    annotations_changed.send(sender=sender, project_id=project_id)
