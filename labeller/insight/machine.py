"""How often a language model is right, measured against people. Pure: from pairs of label sets to shares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from labeller.annotation.machine_selectors import Pair
from labeller.insight.selectors import ENOUGH_SUPPORT, Estimate
from labeller.insight.shares import share
from labeller.numerals import whole

ENOUGH_TEXTS = 30  # as for any model: below it no figure is shown


@dataclass
class Tally:
    """Texts that both labelled."""

    texts: int = 0
    right: int = 0  # the whole answer is the people's
    true: Counter[int] = field(default_factory=Counter)  # label -> texts on which people gave it
    given: Counter[int] = field(default_factory=Counter)  # label -> texts on which the model gave it
    both: Counter[int] = field(default_factory=Counter)  # label -> texts on which both did

    def add(self, pair: Pair) -> None:
        people, machine = set(pair.people), set(pair.machine)
        self.texts += 1
        self.right += people == machine
        self.true.update(people)
        self.given.update(machine)
        self.both.update(people & machine)


@dataclass(frozen=True)
class LabelMeasure:
    label: int
    true: int
    given: int
    precision: Estimate | None  # of the texts to which it gave the label; None below ENOUGH_SUPPORT of them
    recall: Estimate | None  # of the texts to which people did


@dataclass(frozen=True)
class Measure:
    """One language model. `on_audit`: measured on texts drawn at random alone; else on all that both labelled, most of
    which were not drawn at random, so it is agreement with people and no accuracy."""

    name: str
    answers: int  # texts that it has labelled
    audit_texts: int  # that both labelled and that were drawn at random
    all_texts: int  # that both labelled
    on_audit: bool
    share: Estimate | None  # None below ENOUGH_TEXTS
    labels: list[LabelMeasure]  # in the project's order; those neither gave are left out

    @property
    def sentence(self) -> str:
        """What it means, in plain words."""
        if self.share is None:
            return ngettext(
                "%(name)s has labelled %(answers)s text. People have labelled %(both)s of them; from %(enough)s on, "
                "best of texts drawn at random, it is measured.",
                "%(name)s has labelled %(answers)s texts. People have labelled %(both)s of them; from %(enough)s on, "
                "best of texts drawn at random, it is measured.",
                self.answers,
            ) % {
                "name": self.name,
                "answers": whole(self.answers),
                "both": whole(self.all_texts),
                "enough": ENOUGH_TEXTS,
            }
        percent, low, high = (round(100 * one) for one in (self.share.value, self.share.low, self.share.high))
        values = {"name": self.name, "percent": percent, "low": low, "high": high, "wrong": 100 - percent}
        if self.on_audit:
            return (
                _(
                    "%(name)s gives the answer people give on %(percent)s %% of texts drawn at random (%(low)s to "
                    "%(high)s): of 100 of its answers about %(wrong)s are wrong."
                )
                % values
            )
        return (
            _(
                "%(name)s agrees with people on %(percent)s %% of the texts both labelled (%(low)s to %(high)s). These "
                "were not drawn at random, and models choose hard ones: on other texts it may do better or worse."
            )
            % values
        )


def measure(name: str, answers: int, audit: Tally, every: Tally, order: Iterable[int]) -> Measure:
    """`order`: the project's labels. The audit's tally counts where it is large enough."""
    on_audit = audit.texts >= ENOUGH_TEXTS
    tally = audit if on_audit else every
    enough = tally.texts >= ENOUGH_TEXTS
    return Measure(
        name=name,
        answers=answers,
        audit_texts=audit.texts,
        all_texts=every.texts,
        on_audit=on_audit,
        share=share(tally.right, tally.texts) if enough else None,
        labels=[_of_label(tally, label) for label in order if tally.true[label] or tally.given[label]]
        if enough
        else [],
    )


def tallies(pairs: Iterable[Pair]) -> dict[int, tuple[Tally, Tally]]:
    """Language model's id -> (texts drawn at random, all texts)."""
    found: dict[int, tuple[Tally, Tally]] = {}
    for pair in pairs:
        audit, every = found.setdefault(pair.annotator_id, (Tally(), Tally()))
        every.add(pair)
        if pair.is_audit:
            audit.add(pair)
    return found


def _of_label(tally: Tally, label: int) -> LabelMeasure:
    true, given, both = tally.true[label], tally.given[label], tally.both[label]
    return LabelMeasure(
        label,
        true,
        given,
        share(both, given) if given >= ENOUGH_SUPPORT else None,
        share(both, true) if true >= ENOUGH_SUPPORT else None,
    )
