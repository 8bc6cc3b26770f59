"""What the results say first, on whichever texts their figures stand. Pure."""

from __future__ import annotations

from dataclasses import astuple, dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from labeller.annotation.audit_sample import AuditSample
from labeller.insight.older_texts import passed_over
from labeller.insight.selectors import Estimate, Standing, VersionScore
from labeller.insight.shares import share
from labeller.learning.triggers import ENOUGH_AUDIT
from labeller.numerals import hundredths, in_100, whole


@dataclass(frozen=True)
class Headline:
    sentence: str
    detail: str
    has_evidence: bool
    beside: str = ""  # the plain figure, where another one leads, and why


def headline(standing: Standing) -> Headline:
    """What the page says first. A model is judged on the audit texts of its own moment, not on today's."""
    if not standing.has_texts:
        return Headline(_("There is nothing to measure yet."), _("Import texts first, then label some of them."), False)
    current = standing.current
    if current is not None and (found := figures_of(current, is_multi=standing.is_multi)) is not None:
        return found
    if standing.missing:
        return Headline(_missing(standing), _how_many(), False)
    if current is None:
        return Headline(_("There is enough evidence, and no model to measure yet."), _no_model(standing.audit), False)
    return Headline(
        _("Model %(number)d was measured on too few texts.") % {"number": current.number},
        _(
            "%(then)s audit labels were in when it was made, %(now)s are now. The next model will be measured on all "
            "of them: go on labelling."
        )
        % {"then": whole(current.n_audit), "now": whole(standing.audit)},
        False,
    )


def figures_of(version: VersionScore, *, is_multi: bool, place: str | None = None) -> Headline | None:
    """How good a model is on the texts of this place, by default those drawn at random; None where they are too few."""
    if not version.has_evidence or version.leading_accuracy is None:
        return None
    made = _made_from(version, place or _("drawn at random"))
    if version.sample is not None:
        return _after_an_import(version, version.sample, made, is_multi=is_multi)
    if not is_multi and _is_all_right(version):
        return _all_right(version, version.leading_accuracy, place or _("drawn at random"))
    if is_multi and version.leading_f1 is not None:
        found = _macro_f1_of(version.leading_f1), _exactly_right(version.leading_accuracy, made), _plain_f1(version)
    else:
        found = _right_on(version.leading_accuracy), _between(version.leading_accuracy, made), _plain_accuracy(version)
    sentence, detail, beside = found
    return Headline(sentence, detail, True, beside)


def _is_all_right(version: VersionScore) -> bool:
    """By the texts that people read, and by nothing else."""
    return version.leading_accuracy is not None and version.leading_accuracy.value == 1 and not _leans(version)


def _all_right(version: VersionScore, share: Estimate, place: str) -> Headline:
    sentence = ngettext(
        "Right on the %(texts)s text %(place)s; so on %(low)s to 100 of 100.",
        "Right on all %(texts)s texts %(place)s; so on %(low)s to 100 of 100.",
        version.n_audit,
    ) % {"texts": whole(version.n_audit), "place": place, "low": in_100(share.low)}
    return Headline(sentence, " · ".join([_("95 %% interval") % {}, *_learnt(version)]), True)


def _leans(version: VersionScore) -> bool:
    """Whether what the model says of the other texts has a part in the figure: where few texts are wrong it has none,
    and what was kept is the count of the texts alone."""
    found = version.tightened
    if found is None:
        return False
    texts = version.sample.texts if version.sample else version.n_audit
    counted = share(round(found.value * texts), texts)
    return any(abs(one - other) > 1e-9 for one, other in zip(astuple(found), astuple(counted), strict=True))


def _after_an_import(version: VersionScore, sample: AuditSample, made: str, *, is_multi: bool) -> Headline:
    """Where the audit has passed over many of the texts of a later import: which texts the figure is of, and what the
    other audit texts say."""
    share, f1 = version.leading_accuracy, version.leading_f1
    if share is None:
        raise ValueError(f"Model {version.number} has no figure.")
    if is_multi and f1 is not None:
        detail = _exactly_right(share, made)
        told = _macro_f1_of(f1) if version.tightened_f1 else _macro_f1_of_older(f1)
    else:
        detail = _between(share, made)
        told = _right_on(share) if version.tightened else _right_on_older(share)
    beside = passed_over(version.n_audit, sample)
    plain = _by_all(version) if version.tightened else ""
    return Headline(told, detail, True, f"{beside} {plain}".rstrip())


def _right_on_older(share: Estimate) -> str:
    return _("Of mostly older texts, the model is right on about %(share)s in 100.") % {"share": in_100(share.value)}


def _macro_f1_of_older(share: Estimate) -> str:
    return _(
        "On mostly older texts the model finds the labels with a macro-F1 of about %(value)s, between %(low)s and "
        "%(high)s."
    ) % _hundredths(share)


def _by_all(version: VersionScore) -> str:
    """The plain figure, which has too many of the older texts."""
    share = version.plain_accuracy
    if share is None:
        return ""
    return _("By all its audit texts alone %(value)s in 100 (%(low)s to %(high)s) would be right.") % {
        "value": in_100(share.value), "low": in_100(share.low), "high": in_100(share.high),
    }  # fmt: skip


def _missing(standing: Standing) -> str:
    return ngettext(
        "Not enough evidence yet: %(audit)d of %(enough)d audit labels, %(missing)d is missing.",
        "Not enough evidence yet: %(audit)d of %(enough)d audit labels, %(missing)d are missing.",
        standing.missing,
    ) % {"audit": standing.audit, "enough": ENOUGH_AUDIT, "missing": standing.missing}


def _how_many() -> str:
    return _(
        "Only texts drawn at random can measure a model, and fewer than 30 of them say too little. They come by "
        "themselves while you label: about every third text is drawn at random instead of being chosen by the model."
    )


def _no_model(audit: int) -> str:
    return ngettext(
        "%(audit)s audit label are in. The first model appears here by itself once two kinds of label are given and a "
        "worker runs.",
        "%(audit)s audit labels are in. The first model appears here by itself once two kinds of label are given and a "
        "worker runs.",
        audit,
    ) % {"audit": whole(audit)}


def _right_on(share: Estimate) -> str:
    # A share: 31 may have been measured.
    return _("The model is right on about %(share)s in 100 texts.") % {"share": in_100(share.value)}


def _between(share: Estimate, made: str) -> str:
    return _("Between %(low)s and %(high)s (95 %% interval), %(made)s") % {
        "low": in_100(share.low), "high": in_100(share.high), "made": made,
    }  # fmt: skip


def _macro_f1_of(share: Estimate) -> str:
    """First where a text may have several labels: most texts carry none, and giving none is exactly right on them."""
    return _(
        "The model finds the labels with a macro-F1 of about %(value)s, between %(low)s and %(high)s."
    ) % _hundredths(share)


def _exactly_right(share: Estimate, made: str) -> str:
    return _(
        "95 %% interval. All labels of a text are right on about %(value)s in 100 texts (%(low)s to %(high)s), %(made)s"
    ) % {"value": in_100(share.value), "low": in_100(share.low), "high": in_100(share.high), "made": made}


def _plain_accuracy(version: VersionScore) -> str:
    share = version.plain_accuracy
    if share is None:
        return ""
    return _(
        "By those texts alone it would be %(value)s in 100 (%(low)s to %(high)s). That plain figure tends to be too "
        "low: each of those texts is left out of what answers it, and the others were chosen where no labelled text "
        "lay near."
    ) % {"value": in_100(share.value), "low": in_100(share.low), "high": in_100(share.high)}


def _plain_f1(version: VersionScore) -> str:
    if version.plain_f1 is None:
        return ""
    return _(
        "By those texts alone the macro-F1 would be %(value)s (%(low)s to %(high)s). That plain figure knows nothing "
        "of the labels those texts did not meet, so its interval leaves them open."
    ) % _hundredths(version.plain_f1)


def _made_from(version: VersionScore, place: str) -> str:
    """On what it was measured, from what it learnt, and which it is."""
    measured = (
        ngettext(
            "measured on %(texts)s text %(place)s, and on what the model says of all others",
            "measured on %(texts)s texts %(place)s, and on what the model says of all others",
            version.sample.texts if version.sample else version.n_audit,
        )
        if _leans(version)
        else ngettext("measured on %(texts)s text %(place)s", "measured on %(texts)s texts %(place)s", version.n_audit)
    ) % {
        "texts": whole(version.sample.texts if version.sample and version.tightened else version.n_audit),
        "place": place,
    }
    return " · ".join([measured, *_learnt(version)])


def _learnt(version: VersionScore) -> list[str]:
    learnt = ngettext("learnt from %(labels)s label", "learnt from %(labels)s labels", version.n_labels) % {
        "labels": whole(version.n_labels)
    }
    return [learnt, _("model %(number)d") % {"number": version.number}]


def _hundredths(share: Estimate) -> dict[str, str]:
    return {"value": hundredths(share.value), "low": hundredths(share.low), "high": hundredths(share.high)}
