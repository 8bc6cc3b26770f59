"""What is likely true of a text that several people answered, each of whom errs in their own way.

Dawid & Skene 1979, "Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm": take the shares of
the answers for the truth, estimate from it how each person answers each kind of text, take what follows from that for
the truth, and so on until nothing moves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_ROUNDS = 500
STILL = 1e-6  # largest change of a probability at which it ends
LEAST = 1e-9  # of a probability, so that no single answer rules out a truth for good


@dataclass(frozen=True)
class Estimate:
    """The end of the rounds. N texts, J people, K kinds of answers."""

    posterior: Floats  # (N, K) rows sum to 1
    prevalence: Floats  # (K,)
    confusion: Floats  # (J, K, K): person j answers [j, true, said]
    accuracy: Floats  # (J,) expected share of a person's answers that are true
    rounds: int


def dawid_skene(
    text: Ints, person: Ints, said: Ints, *, kinds: int, one_coin: bool = False, smoothing: float = 0.0
) -> Estimate:
    """The estimate from v answers, each (v,): to which of N texts, by which of J people, which of the K `kinds`. A
    person may have answered a text more than once.

    `one_coin`: each person is right with one probability, whatever the truth, and errs evenly: K(K-1) fewer numbers a
    person, for few answers. `smoothing`: so many answers of an average person are added to each person's (to each row
    of the matrix, else), which keeps those who answered little near the others. Every text must have an answer.

    With one coin every kind is taken for equally frequent. Where a rare label is missed more often than invented, which
    one coin cannot know, its frequency would outvote two people who saw it.
    """
    N, J = int(text.max()) + 1, int(person.max()) + 1
    posterior = _rows(_summed(np.eye(kinds)[said], text, N))
    confusion, rounds = np.empty((J, kinds, kinds)), 0
    for _ in range(MOST_ROUNDS):
        rounds += 1
        confusion = _confusion(posterior[text], person, said, J, one_coin=one_coin, smoothing=smoothing)
        prevalence = np.full(kinds, 1 / kinds) if one_coin else posterior.mean(axis=0)
        likely = np.log(np.maximum(confusion, LEAST))[person, :, said]  # (v, K)
        logged = _summed(likely, text, N) + np.log(np.maximum(prevalence, LEAST))
        logged = np.exp(logged - logged.max(axis=1, keepdims=True))
        before, posterior = posterior, logged / logged.sum(axis=1, keepdims=True)
        if np.abs(posterior - before).max() < STILL:
            break
    right = posterior[text, said]
    count = np.bincount(person, minlength=J)
    accuracy = np.bincount(person, weights=right, minlength=J) / np.maximum(count, 1)
    return Estimate(posterior, posterior.mean(axis=0), confusion, accuracy, rounds)


def _confusion(truth: Floats, person: Ints, said: Ints, J: int, *, one_coin: bool, smoothing: float) -> Floats:
    """(J, K, K) from the truth of each answer's text (v, K)."""
    K = truth.shape[1]
    cell = person * K + said
    by_truth = [np.bincount(cell, weights=column, minlength=J * K).reshape(J, K) for column in truth.T]
    counts: Floats = np.stack(by_truth, axis=1).astype(np.float64)
    if one_coin:
        return _one_coin(counts, smoothing)
    together = counts.sum(axis=0)
    average = _rows(together + 1 / K)  # one more answer a row, so that none is empty
    return _rows(counts + smoothing * average)


def _one_coin(counts: Floats, smoothing: float) -> Floats:
    K = counts.shape[1]
    right, total = np.trace(counts, axis1=1, axis2=2), counts.sum(axis=(1, 2))
    average = right.sum() / total.sum()
    share = (right + smoothing * average) / np.maximum(total + smoothing, LEAST)
    eye = np.eye(K)
    wrong = (1 - share) / max(1, K - 1)
    return np.asarray(share[:, None, None] * eye + wrong[:, None, None] * (1 - eye))


def _rows(counts: Floats) -> Floats:
    """Rows that sum to 1; an empty one is even."""
    total = counts.sum(axis=-1, keepdims=True)
    return np.where(total > 0, counts / np.where(total > 0, total, 1), 1 / counts.shape[-1])


def _summed(values: Floats, text: Ints, N: int) -> Floats:
    """(v, K) -> (N, K), by text."""
    return np.stack([np.bincount(text, weights=column, minlength=N) for column in values.T], axis=1)
