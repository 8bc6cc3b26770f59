"""One door to both kinds of head: over embeddings alone, or over embeddings and words.

Which it is follows from the texts: those that come with their words are for a head of two views. So whoever fits,
scores, stores or compares heads does not ask.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modelsvc.heads import quick, two_views
from modelsvc.heads.both_views import Said
from modelsvc.heads.logistic import fit_linear
from modelsvc.heads.prototypes import Prototypes
from modelsvc.heads.sureness import EMBEDDING_SHARE, NOTHING_KNOWN, Sureness
from modelsvc.types import Head, Look, Proba, Targets, Views, unwatched


def fit(
    labelled: Views,
    Y: Targets,
    *,
    multi_label: bool,
    pool: Views,
    warm: Head | None = None,
    seed: int = 0,
    calibrate: bool = True,
    calibrate_on: NDArray[np.bool_] | None = None,
    names: Prototypes | None = None,
    untold: Sureness = NOTHING_KNOWN,
    look: Look = unwatched,
) -> Head:
    """A calibrated head from n labelled texts and their labels Y (n, C); `pool` are texts of the pool,
    whose labels are not asked (see `quick.fit_head`). `names` teach where one label a text is given. The rest as in
    `quick.fit_head`. Raises QuickModelError."""
    if labelled.words is not None and multi_label:
        return two_views.fit_two_views(
            labelled,
            Y,
            pool=pool,
            warm=warm,
            seed=seed,
            calibrate=calibrate,
            calibrate_on=calibrate_on,
            untold=untold,
            look=look,
        )
    return quick.fit_head(
        labelled.X,
        Y,
        multi_label=multi_label,
        warm=warm,
        seed=seed,
        calibrate=calibrate,
        calibrate_on=calibrate_on,
        pool_X=pool.X,
        names=names,
        untold=untold,
        look=look,
    )


def cross_fit(
    labelled: Views,
    Y: Targets,
    *,
    multi_label: bool,
    pool: Views,
    seed: int,
    calibrate_on: NDArray[np.bool_] | None = None,
    names: Prototypes | None = None,
    untold: Sureness = NOTHING_KNOWN,
    look: Look = unwatched,
) -> tuple[Proba, Targets]:
    """Out-of-fold probabilities and answers, both (n, C), made as `fit` and `quick.decide` would make them. No text is
    among those by which anything is set that it is scored with. `look` is called all along and may raise to stop.
    Raises QuickModelError."""
    if labelled.words is not None and multi_label:
        return two_views.cross_fit_answers(
            labelled, Y, pool=pool, seed=seed, calibrate_on=calibrate_on, untold=untold, look=look
        )
    return quick.cross_fit(
        labelled.X,
        Y,
        multi_label=multi_label,
        seed=seed,
        calibrate_on=calibrate_on,
        pool_X=pool.X,
        names=names,
        untold=untold,
        look=look,
    )


def said_by(labelled: Views, Y: Targets, texts: Views, *, look: Look = unwatched) -> Said:
    """What a head of several labels a text that learns from n labelled texts, Y (n, C), says of other texts by each
    view, not calibrated."""
    if labelled.words is not None:
        return two_views.said_by(labelled, Y, texts, look=look)
    weights, bias = fit_linear(labelled.X, Y, multi_label=True, look=look)
    return Said(texts.X @ weights + bias, None)


def share_of_embedding(labelled: Views, Y: Targets, *, seed: int, look: Look = unwatched) -> float:
    """What part of the logit the embedding is to have beside the words, by labelled texts left out."""
    if labelled.words is None:
        return EMBEDDING_SHARE
    left_out = two_views.cross_fit_two_views(labelled, Y, seed=seed, look=look)
    return left_out.calibration(left_out.scorable, Y)[0]
