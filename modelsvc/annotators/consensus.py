"""The rule by which several people's answers to a text become one, where nobody has decided it.

The majority, unless at least ENOUGH_PEOPLE people have each answered enough texts that others answered too. Then it
is known well enough how reliable each is, and disagreements are weighed by that (dawid_skene.py). What people agree
on stays as they say. The numbers come from simulated crowds; docs/decisions has the table.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelsvc.annotators.answers import Answers, Ints
from modelsvc.annotators.dawid_skene import Floats, dawid_skene
from modelsvc.types import Targets

ENOUGH_PEOPLE = 3
# Answers of a person to texts that others answered too. A yes or no tells less of who is right than one label of many.
ENOUGH_OF_MANY, ENOUGH_OF_TWO, ENOUGH_YES_OR_NO = 30, 100, 300
WHOLE_MATRIX = 200  # such answers a label, of each person, from which on each person's mistakes are told apart by label
LEAST_POSITIVES = 30  # answers that give a label, where a text may have several; below, its majority stands
SMOOTHING = 4.0  # answers of an average person that everybody is given beforehand
MAJORITY, ONE_COIN, MATRICES = "majority", "one coin", "matrices"


@dataclass(frozen=True)
class Settled:
    """What disagreements come to. `method` says how: MAJORITY (then nothing is settled here), ONE_COIN or MATRICES."""

    method: str
    text: Ints  # (d,) the texts on which people disagree, ascending
    Y: Targets  # (d, C)
    people: Ints  # (p,) who answered enough shared texts, ascending; also while they are too few
    answers: Ints  # (p,) how many of them
    accuracy: Floats  # (p,) estimated share of a person's answers that are right; empty by majority


def settle(answers: Answers, *, multi_label: bool) -> Settled:
    """Weigh the disagreements among answers, as far as the rule allows."""
    shared, C = answers.shared(), answers.Y.shape[1]
    given = np.bincount(shared.person, minlength=shared.people) if len(shared) else np.zeros(0, np.int64)
    known = np.flatnonzero(given >= enough(C, multi_label=multi_label)).astype(np.int64)
    if len(known) < ENOUGH_PEOPLE:
        return Settled(MAJORITY, np.zeros(0, np.int64), np.zeros((0, C), np.uint8), known, given[known], np.zeros(0))
    texts, text = np.unique(shared.text, return_inverse=True)
    whole = multi_label or bool(given[known].min() >= WHOLE_MATRIX * C)
    if multi_label:
        Y, accuracy = _each_label(text.astype(np.int64), shared)
    else:
        Y, accuracy = _one_label(text.astype(np.int64), shared, whole=whole)
    disputed = _disputed(text, shared.Y, len(texts))
    method = MATRICES if whole else ONE_COIN
    return Settled(method, texts[disputed], Y[disputed], known, given[known], accuracy[known])


def enough(C: int, *, multi_label: bool) -> int:
    """Answers of a person to shared texts from which on their reliability is used, with C labels."""
    if multi_label:
        return ENOUGH_YES_OR_NO
    return ENOUGH_OF_MANY if C > 2 else ENOUGH_OF_TWO


def _disputed(text: Ints, Y: Targets, N: int) -> Ints:
    """The texts whose answers differ."""
    first = np.zeros((N, Y.shape[1]), Y.dtype)
    first[text[::-1]] = Y[::-1]
    return np.unique(text[(first[text] != Y).any(axis=1)])


def _one_label(text: Ints, shared: Answers, *, whole: bool) -> tuple[Targets, Floats]:
    """One label a text: its label is the kind of the answer."""
    C = shared.Y.shape[1]
    said = shared.Y.argmax(axis=1).astype(np.int64)
    found = dawid_skene(text, shared.person, said, kinds=C, one_coin=not whole, smoothing=SMOOTHING)
    Y = np.zeros((len(found.posterior), C), np.uint8)
    Y[np.arange(len(Y)), found.posterior.argmax(axis=1)] = 1
    return Y, found.accuracy


def _each_label(text: Ints, shared: Answers) -> tuple[Targets, Floats]:
    """Several labels a text: each label by itself, given or not. Missing a label and giving one wrongly are different
    mistakes, so a person has both rates. A person is right where all labels are."""
    N, C = int(text.max()) + 1, shared.Y.shape[1]
    Y, right = np.zeros((N, C), np.uint8), np.ones(len(text))
    count = np.bincount(text, minlength=N)
    for column in range(C):
        said = (shared.Y[:, column] > 0).astype(np.int64)
        if said.sum() < LEAST_POSITIVES:
            Y[:, column] = 2 * np.bincount(text, weights=said, minlength=N) > count
            right *= said == Y[text, column]
        else:
            found = dawid_skene(text, shared.person, said, kinds=2, smoothing=SMOOTHING)
            Y[:, column] = found.posterior[:, 1] > 0.5
            right *= found.posterior[text, said]
    answered = np.maximum(np.bincount(shared.person, minlength=shared.people), 1)
    return Y, np.bincount(shared.person, weights=right, minlength=shared.people) / answered
