"""How far people agree, as the page of agreement tells it: figures, words, and whose names are shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from labeller.insight.effort_selectors import names
from labeller.insight.selectors import Estimate
from labeller.learning.agreement import AgreementReading
from labeller.learning.triggers import ENOUGH_AUDIT
from labeller.learning.weighing import newest_reading
from labeller.numerals import decimal, whole
from labeller.projects.forms import ProjectForm
from labeller.projects.models import Label, Membership, Project

LEAST_TEXTS = 10  # as modelsvc/annotators/people_agree.py has it: below, no figure was made
GOOD, TENTATIVE = 0.8, 0.667  # Krippendorff's limits for alpha

METHODS = {
    "majority": gettext_noop("By majority"),
    "one coin": gettext_noop("Weighed by how reliable each person is"),
    "matrices": gettext_noop("Weighed by the mistakes that each person makes with each label"),
}


@dataclass(frozen=True)
class LabelRow:
    label: Label
    texts: int
    percent: Estimate | None
    kappa: Estimate | None
    alpha: Estimate | None
    again: Estimate | None


@dataclass(frozen=True)
class PairRow:
    first: str
    second: str
    texts: int
    percent: Estimate | None
    kappa: Estimate | None


@dataclass(frozen=True)
class PersonRow:
    """Of those who answered enough shared texts for their reliability to be used."""

    name: str
    answers: int
    accuracy: float


@dataclass(frozen=True)
class Figures:
    """One set of shared texts."""

    texts: int
    people: int
    percent: Estimate | None
    fleiss: Estimate | None
    alpha: Estimate | None
    masi: Estimate | None

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Figures:
        names = ("percent", "fleiss", "alpha", "masi")
        return cls(stored["texts"], stored["people"], *(Estimate.read(stored.get(name)) for name in names))


@dataclass(frozen=True)
class AgreementContext:
    """The page. Of single people only those whom the reader may see."""

    reading: AgreementReading | None
    headline: str
    detail: str
    advice: list[str]
    overall: Figures | None
    at_random: Figures | None
    labels: list[LabelRow]
    pairs: list[PairRow]
    people: list[PersonRow]
    method: str
    settled: int
    ceiling: Estimate | None
    least_shared: int  # texts that each of three people must have shared for their reliability to be weighed


def agreement_of(project: Project, membership: Membership) -> AgreementContext:
    """Three queries."""
    reading = newest_reading(project)
    if reading is None:
        return AgreementContext(
            None, *_words(None, None), advice(project, None, None), None, None, [], [], [], "", 0, None, 0
        )
    overall, at_random = Figures.of(reading.overall), Figures.of(reading.at_random)
    called = _visible(reading, membership)
    labels = {label.pk: label for label in Label.objects.filter(project=project)}
    return AgreementContext(
        reading,
        *_words(overall, at_random),
        advice(project, overall, at_random),
        overall,
        at_random,
        _label_rows(reading, labels),
        _pair_rows(reading, called, membership),
        _person_rows(reading, called) if membership.may_manage else [],
        _(METHODS[reading.consensus["method"]]) if reading.consensus["method"] in METHODS else "",
        reading.consensus["settled"],
        ceiling_of(reading, "accuracy"),
        300 if project.is_multi else 30 if len(labels) > 2 else 100,
    )


def ceiling_of(reading: AgreementReading | None, metric: str) -> Estimate | None:
    """What one person reaches judged by another, on at least as many texts drawn at random as a model is judged on."""
    if reading is None or reading.at_random["texts"] < ENOUGH_AUDIT:
        return None
    return Estimate.read((reading.at_random.get("ceiling") or {}).get(metric))


def _words(overall: Figures | None, at_random: Figures | None) -> tuple[str, str]:
    """(The sentence at the top, what it stands on)."""
    if overall is None or not overall.texts:
        return _("Nobody has been compared with anybody yet."), _("No text was answered by two people.")
    if overall.percent is None:
        so_far = ngettext(
            "%(texts)s text so far; %(least)s are needed for a first figure.",
            "%(texts)s texts so far; %(least)s are needed for a first figure.",
            overall.texts,
        ) % {"texts": whole(overall.texts), "least": LEAST_TEXTS}
        return _("Too few texts were answered by two people to say how far they agree."), so_far
    return _headline(overall.percent, overall.masi or overall.alpha), ngettext(
        "%(texts)s text answered by two or more of %(people)s people, %(drawn)s of them drawn at random. "
        "95 %% intervals.",
        "%(texts)s texts answered by two or more of %(people)s people, %(drawn)s of them drawn at random. "
        "95 %% intervals.",
        overall.texts,
    ) % {
        "texts": whole(overall.texts),
        "people": whole(overall.people),
        "drawn": whole(at_random.texts if at_random else 0),
    }


def _headline(share: Estimate, alpha: Estimate | None) -> str:
    values = {
        "share": decimal(100 * share.value, 0),
        "low": decimal(100 * share.low, 0),
        "high": decimal(100 * share.high, 0),
    }
    if alpha is None:
        return _("Two people agree on %(share)s %% of the texts that both answered (%(low)s to %(high)s).") % values
    return _(
        "Two people agree on %(share)s %% of the texts that both answered (%(low)s to %(high)s); "
        "alpha %(alpha)s (%(alpha_low)s to %(alpha_high)s)."
    ) % (
        values
        | {
            "alpha": decimal(alpha.value, 2),
            "alpha_low": decimal(alpha.low, 2),
            "alpha_high": decimal(alpha.high, 2),
        }
    )


def advice(project: Project, overall: Figures | None, at_random: Figures | None) -> list[str]:
    """What to do next, most pressing first."""
    told = []
    if project.overlap == 1 and (at_random is None or at_random.texts < ENOUGH_AUDIT):
        told.append(
            _(
                "Each text is asked of one person. Set “%(field)s” to 2 in the settings; a few dozen texts answered "
                "twice are enough to know how far people agree, then set it back."
            )
            % {"field": ProjectForm.base_fields["overlap"].label}
        )
    alpha = overall and (overall.masi or overall.alpha)
    if alpha and alpha.high < TENTATIVE:
        told.append(
            _(
                "People agree too little for labels to be relied on. Decide disagreements in the review, and write "
                "what you decide into the guidelines before going on."
            )
        )
    elif alpha and alpha.low < GOOD:
        told.append(_("Decide disagreements in the review, and write what you decide into the guidelines."))
    if overall and overall.percent and at_random and at_random.texts < ENOUGH_AUDIT:
        told.append(_too_few_at_random(at_random.texts))
    return told


def _too_few_at_random(texts: int) -> str:
    return ngettext(
        "Of the texts drawn at random %(texts)s was answered twice; from %(enough)s on the curve shows how high "
        "people get. Texts that a model chose are harder than the others.",
        "Of the texts drawn at random %(texts)s were answered twice; from %(enough)s on the curve shows how high "
        "people get. Texts that a model chose are harder than the others.",
        texts,
    ) % {"texts": texts, "enough": ENOUGH_AUDIT}


def _visible(reading: AgreementReading, membership: Membership) -> dict[int, str]:
    """Names by number: a manager sees everybody, an annotator themself, a reader nobody."""
    mine = {membership.user_id} if membership.may_label else set()
    seen = set(reading.people) if membership.may_manage else set(reading.people) & mine
    called = names(seen)
    return {at: called[pk] for at, pk in enumerate(reading.people) if pk in called}


def _label_rows(reading: AgreementReading, labels: Mapping[int, Label]) -> list[LabelRow]:
    rows = []
    for stored in reading.overall["labels"]:
        label = labels.get(reading.label_ids[stored["column"]])
        if label is not None:
            found = (Estimate.read(stored[name]) for name in ("percent", "kappa", "alpha", "again"))
            rows.append(LabelRow(label, stored["texts"], *found))
    return rows


def _pair_rows(reading: AgreementReading, called: Mapping[int, str], membership: Membership) -> list[PairRow]:
    """A manager sees every pair; an annotator those they are part of, the other unnamed."""
    rows = []
    for stored in reading.overall["pairs"]:
        pair = [stored["first"], stored["second"]]
        if not any(number in called for number in pair):
            continue
        # Whoever may be named comes first.
        named = sorted(pair, key=lambda number: number not in called)
        first, second = (called.get(number, _("another person")) for number in named)
        percent, kappa = Estimate.read(stored["percent"]), Estimate.read(stored["kappa"])
        rows.append(PairRow(first, second, stored["texts"], percent, kappa))
    return rows


def _person_rows(reading: AgreementReading, called: Mapping[int, str]) -> list[PersonRow]:
    """The most reliable first. Empty where the majority decides."""
    stored = reading.consensus
    if not stored["accuracy"]:
        return []
    rows = [
        PersonRow(called.get(number, _("somebody who has left")), answers, accuracy)
        for number, answers, accuracy in zip(stored["people"], stored["answers"], stored["accuracy"], strict=True)
    ]
    return sorted(rows, key=lambda row: (-row.accuracy, row.name))
