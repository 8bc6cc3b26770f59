"""Which of several frozen encoders suits the labels so far: the quick head cross-validated over each, paired by text.

Every encoder gives embeddings of the same labelled texts, every text is answered by heads that have not seen it, and
the folds are the same for all. So encoders differ only where they answer a text differently, and only that is counted:
McNemar's test with one label a text, a paired bootstrap of macro-F1 with several.

All labels teach, but only texts that no model chose may count. A model asks for the texts that it finds hard itself:
another encoder that is no better answers more of those. Measured on TREC-6 with two halves of one encoder, equal in
truth, the half that had not asked seemed 4 points better at 400 labels, and "beyond chance" in 5 of 10 rounds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelsvc.evaluation.intervals import macro_f1, paired_worse
from modelsvc.evaluation.paired import resampled_no_better
from modelsvc.heads.either import cross_fit
from modelsvc.heads.prototypes import Prototypes
from modelsvc.stores.words import Words
from modelsvc.types import Embeddings, Look, Targets, Views, unwatched

SURE = 0.05  # p below which the better encoder is proposed; shared out over the encoders that are tried


class EncoderChoiceError(ValueError):
    """Encoders that cannot be compared; the sentence says what is missing."""


@dataclass(frozen=True)
class EncoderScore:
    """One encoder on the labelled texts, beside the one in use."""

    encoder: str
    score: float  # share of texts right, or macro-F1 with several labels a text
    right: int  # texts whose whole answer is right
    only_this: int  # texts right with this one and wrong with the one in use
    only_current: int  # the other way round
    p: float | None  # of seeing so much more when this one is no better; None for the one in use


@dataclass(frozen=True)
class EncoderChoice:
    """The encoders, best first, and the one to propose, if any."""

    texts: int  # that count
    taught: int  # labelled texts that the heads learnt from
    measure: str  # "accuracy" or "macro-F1"
    current: str
    proposed: str | None  # better than the current one beyond chance; None: stay
    scores: list[EncoderScore]

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers, lists and dicts, ready for JSON."""
        return asdict(self)


def choose_encoder(
    embeddings: Mapping[str, Embeddings],
    Y: Targets,
    *,
    current: str,
    scored: NDArray[np.bool_],
    multi_label: bool,
    seed: int,
    names: Mapping[str, Prototypes | None] | None = None,
    words: Words | None = None,
    look: Look = unwatched,
) -> EncoderChoice:
    """Compare encoders on n labelled texts: embeddings (n, D) of each by its name, targets Y (n, C). `names` are the
    labels' names as each encoder reads them, and `words` (n rows) those of the texts where heads read them: both teach
    these heads as they teach the one that serves, in which the pool has its share besides. `look` is called all along
    and may raise to stop.

    `current` names the one in use, among them; `scored` (n,) the texts that no model chose. Another is proposed when it
    is better with p below SURE over the number of others (Bonferroni). The answer follows from the arrays and the seed.
    Raises EncoderChoiceError for fewer than two encoders or two kinds of answers, without a text to score, or when
    shapes differ.
    """
    _check(embeddings, Y, scored, current)
    told: dict[str, Any] = {"multi_label": multi_label, "seed": seed, "look": look}

    def answered(name: str, X: Embeddings) -> Targets:
        views, none = Views(X, words), np.zeros(0, np.int64)
        return cross_fit(views, Y, pool=views[none], names=(names or {}).get(name), **told)[1][scored]

    answers = {name: answered(name, X) for name, X in embeddings.items()}
    truth, before = Y[scored], answers[current]
    scores = [
        _score(name, answer, before, truth, is_current=name == current, multi_label=multi_label, seed=seed)
        for name, answer in answers.items()
    ]
    scores.sort(key=lambda score: (-score.score, score.encoder != current, score.encoder))
    better = [score for score in scores if score.p is not None and score.p < SURE / (len(scores) - 1)]
    return EncoderChoice(
        texts=len(truth),
        taught=len(Y),
        measure="macro-F1" if multi_label else "accuracy",
        current=current,
        proposed=better[0].encoder if better else None,
        scores=scores,
    )


def _check(embeddings: Mapping[str, Embeddings], Y: Targets, scored: NDArray[np.bool_], current: str) -> None:
    if len(embeddings) < 2 or current not in embeddings:
        raise EncoderChoiceError(f"{len(embeddings)} encoders, {current!r} in use: two are needed, and it among them.")
    for name, X in embeddings.items():
        if X.shape[0] != Y.shape[0]:
            raise EncoderChoiceError(f"{name} has {X.shape[0]} embeddings for {Y.shape[0]} labelled texts.")
    kinds = len(np.unique(Y, axis=0)) if len(Y) else 0
    if kinds < 2:
        raise EncoderChoiceError(f"Texts of two kinds are needed to compare encoders; there are {kinds}. Label more.")
    if len(scored) != len(Y) or not scored.any():
        raise EncoderChoiceError(
            f"None of the {len(Y)} labelled texts was chosen without a model: nothing can be compared fairly."
        )


def _score(
    name: str, answer: Targets, before: Targets, Y: Targets, *, is_current: bool, multi_label: bool, seed: int
) -> EncoderScore:
    right, right_before = (answer == Y).all(axis=1), (before == Y).all(axis=1)
    p: float | None = None
    if not is_current:
        better = resampled_no_better(answer, before, Y, seed=seed) if multi_label else paired_worse(right_before, right)
        p = round(better, 5)
    return EncoderScore(
        encoder=name,
        score=macro_f1(Y, answer) if multi_label else float(right.mean()),
        right=int(right.sum()),
        only_this=int((right & ~right_before).sum()),
        only_current=int((right_before & ~right).sum()),
        p=p,
    )
