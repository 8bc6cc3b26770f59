"""What labelled texts say of heads that have not seen them, one label a text: whether the labels' names are to teach,
how large a share the pool is to have, and how sure the head may be. What cannot be told from them is as it was found to
be elsewhere: names teach a head over an encoder as it came, the pool has its expected share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelsvc.heads.folds import cross_fit_logits
from modelsvc.heads.links import COARSE, TEMPERATURES, tempered
from modelsvc.heads.pool_share import Mix, is_worse, mix_for, spread_left_out
from modelsvc.heads.prototypes import Prototypes, are_asked
from modelsvc.types import Embeddings, Look, Targets, unwatched

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

LEAST_ROWS = 10  # fair to score, below which a temperature, a share or a loss is noise


@dataclass(frozen=True)
class Choice:
    """What teaches a head besides the labelled texts."""

    named: bool
    mix: Mix | None  # None: the pool is not asked


@dataclass(frozen=True)
class LeftOut:
    """Logits of n labelled texts by the labels of other folds."""

    head: Floats  # (n, C)
    pool: Floats | None  # (n, C), where the pool is asked
    scorable: Mask  # (n,) their label was among those that their fold could learn

    def only(self, rows: Mask) -> LeftOut:
        """These rows (n,) alone, so that nothing of the others is in what follows."""
        return LeftOut(self.head[rows], None if self.pool is None else self.pool[rows], self.scorable[rows])

    def mixed(self, mix: Mix | None) -> Floats:
        return self.head if mix is None or self.pool is None else mix.of(self.head, self.pool)

    def mix(self, Y: Targets, rows: Mask, expected: float) -> Mix | None:
        """By those of `rows` (n,) that are fair to score."""
        if self.pool is None:
            return None
        return mix_for(self.head, self.pool, Y, self.scorable & rows, expected=expected, least=LEAST_ROWS)

    def losses(self, mix: Mix | None, Y: Targets, rows: Mask) -> NDArray[np.float64]:
        """(r,) log losses of these r of n rows, also of those whose label their fold had not met: a label not met yet
        is as likely as there are such rows (Good 1953), and is any of those without a text among all n, or its own."""
        met = self.scorable[rows]
        new = float(np.clip(1 - met.mean(), 1 / (len(met) + 1), 1.0))
        others = int((~Y.any(axis=0)).sum()) + 1
        losses = np.full(len(met), -np.log(new / others))
        if met.any():
            fair = rows & self.scorable
            _, at = tempered(self.mixed(mix)[fair], Y[fair].argmax(axis=1), COARSE)
            losses[met] = at if met.all() else at - np.log(1 - new)
        return losses

    def temperature(self, mix: Mix | None, Y: Targets, rows: Mask, *, untold: float = 1.0) -> float:
        """The likeliest one by those of `rows` (n,) whose label some training row of their fold had: no temperature can
        help the others. Few of them leave it near `untold`, which it is where they are too few."""
        fair = self.scorable & rows
        if int(fair.sum()) < LEAST_ROWS:
            return untold
        return tempered(self.mixed(mix)[fair], Y[fair].argmax(axis=1), TEMPERATURES, expected=untold)[0]


@dataclass(frozen=True)
class BothWays:
    """The same texts, by labels alone and by labels and their names."""

    plain: LeftOut
    named: LeftOut | None  # None: there are no names, or they can add nothing

    def choice(self, Y: Targets, rows: Mask, expected: float, *, untold: bool = True) -> Choice:
        """By these rows (n,) of Y (n, C). Where they are too few to tell, `expected` is the pool's share, and names
        teach if `untold` says so."""
        mix = self.plain.mix(Y, rows, expected)
        if self.named is None:
            return Choice(False, mix)
        with_names = self.named.mix(Y, rows, expected)
        if int(rows.sum()) < LEAST_ROWS:
            return Choice(True, with_names) if untold else Choice(False, mix)
        mislead = is_worse(self.named.losses(with_names, Y, rows), self.plain.losses(mix, Y, rows))
        return Choice(False, mix) if mislead else Choice(True, with_names)

    def only(self, rows: Mask) -> BothWays:
        return BothWays(self.plain.only(rows), None if self.named is None else self.named.only(rows))

    def of(self, choice: Choice) -> LeftOut:
        return self.named if choice.named and self.named is not None else self.plain


def both_ways(
    X: Embeddings,
    Y: Targets,
    *,
    names: Prototypes | None,
    pool_X: Embeddings | None,
    folds: int,
    seed: int,
    look: Look = unwatched,
) -> BothWays:
    """X (n, D), Y (n, C) one label a text; `pool_X` (M, D) where the pool is asked."""

    def left_out(by: Prototypes | None) -> LeftOut:
        head, scorable = cross_fit_logits(X, Y, multi_label=False, seed=seed, folds=folds, names=by, look=look)
        pool = None if pool_X is None else spread_left_out(pool_X, X, Y, folds=folds, seed=seed, names=by, look=look)
        return LeftOut(head, pool, scorable)

    asked = names if names is not None and len(names) and are_asked(Y) else None
    return BothWays(left_out(None), None if asked is None else left_out(asked))
