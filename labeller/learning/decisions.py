"""What became of a full run's model, read from the sentence that is kept of it."""

from __future__ import annotations


def seen_behind(reason: str) -> bool:
    """Whether a comparison with the model before spoke against it. Not where too few labels could tell, nor where it
    waits only because a manager holds on to another; and what is said of the model that gives way is not said of it."""
    of_it = reason.partition(" gives way to ")[0]
    return of_it.startswith("Not promoted: ") and "(p of being worse " in of_it and " is pinned. " not in of_it


def by_labels_at_hand(sentence: str) -> bool:
    """Whether halves of the labels or later labels decided, for there was no audit that could."""
    return any(said in sentence for said in (", each half ", " labels given since it began ", " of one half of them "))
