"""When something starts by itself. Pure functions of counts, so that the page can say beforehand what will happen."""

from __future__ import annotations

import math
from collections.abc import Collection

FIRST_FULL = 16
GROWTH = (1.25, 1.5, 2.0)  # from one full run to the next: as a rule, after a refused one, after two and more in a row
ENOUGH_AUDIT = 30  # audit labels below which a 95 % interval spans thirty points and more: no figure is told
ENOUGH_TO_COMPARE = 10  # audit labels below which no comparison is worth making
ENOUGH_CARRYING = 3  # of them with a label, where a text may have none or several: docs/learner.md
AUDIT_SHARE, MOST_TO_COMPARE = 4, 40  # one in so many of all labels, and so many at most: see enough_audit
TEXTS_A_KIND = 2  # with one text a kind the encoder as it came is better: .32 to .22 with 32 labels of 29 kinds
CHECK_AT = (50, 200)  # labels: enough for a first word, and for a surer one
GAUGE_AUDIT, GAUGE_GROWTH = 30, 1.15
WEIGH_FIRST, WEIGH_GROWTH = 30, 1.1
MILESTONE_LEAST = 5
MILESTONE_SHARE = 0.05
POOL_GROWTH = 1.05


def enough_audit(labels: int) -> int:
    """Audit labels from which on they say which model serves, where so many texts are labelled in all. By hand every
    third text is of the audit, and the tenth is enough; but ten would overrule what halves of thousands of labels said
    that came with a file."""
    return min(max(ENOUGH_TO_COMPARE, labels // AUDIT_SHARE), MOST_TO_COMPARE)


def next_full_at(labels_at_last: int, *, refused: int = 0, unjudged: bool = False) -> int:
    """The number of labels at which the next full run starts: FIRST_FULL, then a quarter more than the last had,
    rounded up. More where the labels have `refused` so many in a row: the next is likely refused too, and each costs
    minutes of training. At once where the last model is `unjudged` by an audit that can judge now.

    Growing steps keep the total cost of all runs linear in the number of labels; early steps are cheap and gain most.
    """
    if labels_at_last <= 0:
        return FIRST_FULL
    grown = math.ceil(labels_at_last * GROWTH[min(refused, len(GROWTH) - 1)])
    return max(FIRST_FULL, labels_at_last + 1, 0 if unjudged else grown)


def kinds_among(answers: Collection[tuple[int, ...]]) -> int:
    """How many kinds of text there are by these answers, each the labels of a text: the labels carried, and "none of
    them" as one more. Not the label sets, of which 20 labels make 598 in 1,000 answers; but texts that all have the
    same set are of one kind."""
    if len(set(answers)) < 2:
        return min(len(answers), 1)
    return len({label for answer in answers for label in answer}) + any(not answer for answer in answers)


def enough_to_teach(labels: int, kinds: int) -> bool:
    """Whether so many labelled texts of so many kinds can tune an encoder at all: two texts a kind on average.
    Both counts are of the texts that may teach it. Below, it learns single texts by heart, and what it knew of all
    others suffers."""
    return kinds >= 2 and labels >= TEXTS_A_KIND * kinds


def is_full_due(labels: int, *, teaching: int, kinds: int, next_at: int, unfinished: bool) -> bool:
    """Whether a full run starts by itself, of which the next is due at `next_at` labels. `teaching`: those of the
    labels that may teach the encoder, of so many `kinds`."""
    return not unfinished and enough_to_teach(teaching, kinds) and labels >= next_at


def is_check_due(labels: int, *, labels_at_last: int, encoders: int) -> bool:
    """Whether the encoders of the owner's list are compared by themselves: once at each count of CHECK_AT, however
    many labels came at once. `labels_at_last`: at the start of the last comparison, 0 before the first."""
    passed = [count for count in CHECK_AT if count <= labels]
    return encoders >= 2 and bool(passed) and labels_at_last < passed[-1]


def is_gauge_due(labels: int, *, labels_at_last: int, audit: int) -> bool:
    """Whether the orders of labelling are compared: from GAUGE_AUDIT audit labels on, each time labels have grown by
    GAUGE_GROWTH. Growing steps keep the cost of all comparisons a few times that of the last."""
    return audit >= GAUGE_AUDIT and labels >= math.ceil(round(labels_at_last * GAUGE_GROWTH, 9))


def is_weighing_due(answers: int, *, answers_at_last: int) -> bool:
    """Whether the answers are weighed by themselves: from WEIGH_FIRST on, each time they have grown by WEIGH_GROWTH."""
    return answers >= max(WEIGH_FIRST, math.ceil(round(answers_at_last * WEIGH_GROWTH, 9)))


def is_milestone(labels: int, *, labels_at_last_version: int) -> bool:
    """Whether a quick refit becomes a version, a point of the curve: labels grew by 5 or by 5 %, what is more."""
    grown = labels - labels_at_last_version
    return grown >= max(MILESTONE_LEAST, math.ceil(round(labels_at_last_version * MILESTONE_SHARE, 9)))


def has_outgrown(texts: int, *, texts_at_last: int) -> bool:
    """Whether so many texts came since a model read the pool that what it said of all of them holds no longer."""
    return texts > POOL_GROWTH * texts_at_last
