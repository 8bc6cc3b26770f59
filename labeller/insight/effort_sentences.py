"""What the work was and where the labelling goes, in words."""

from __future__ import annotations

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from labeller.insight.effort import Work
from labeller.insight.effort_page import Target
from labeller.insight.projection import LEAST_DAYS, Finish
from labeller.insight.sentences import duration
from labeller.numerals import decimal, whole


def work_sentences(work: Work) -> str:
    """All the work so far. Its rate is known: the page has a median."""
    median = ngettext("That is the median of %(n)s answer.", "That is the median of %(n)s answers.", work.answers)
    labels = ngettext("%(n)s label", "%(n)s labels", work.labels) % {"n": whole(work.labels)}
    told = {
        "labels": labels,
        "duration": duration(work.seconds),
        "rate": decimal(work.labels_an_hour or 0.0, 0),
        "breaks": ngettext("%(n)s break", "%(n)s breaks", work.breaks) % {"n": whole(work.breaks)},
    }
    rate = (
        _("%(labels)s in %(duration)s of work, %(rate)s an hour; %(breaks)s left out.")
        if work.breaks
        else _("%(labels)s in %(duration)s of work, %(rate)s an hour.")
    )
    return f"{median % {'n': whole(work.answers)}} {rate % told}"


def target_sentences(target: Target) -> list[str]:
    """What is left, as work and as a date. Never a date without its interval."""
    if not target.missing:
        return [_("They are there.")]
    told = {"n": whole(target.missing)}
    if target.work_s is None:
        left = ngettext("%(n)s answer missing.", "%(n)s answers missing.", target.missing)
    else:
        told["duration"] = duration(target.work_s)
        left = ngettext(
            "%(n)s answer missing: about %(duration)s of work at the pace so far.",
            "%(n)s answers missing: about %(duration)s of work at the pace so far.",
            target.missing,
        )
    said = [left % told, _date_sentence(target)]
    if target.labels > target.texts:
        short = ngettext("The pool has only %(n)s text.", "The pool has only %(n)s texts.", target.texts)
        said.append(short % {"n": whole(target.texts)})
    return said


def _date_sentence(target: Target) -> str:
    if target.pace is None or target.finish is None:
        return _("A date needs labels on the last days, and %(days)s days since the first one.") % {"days": LEAST_DAYS}
    pace = target.pace
    told = {
        "rate": decimal(pace.value, 0),
        "days": pace.days,
        "low": decimal(max(0.0, pace.low), 0),
        "high": decimal(pace.high, 0),
    }
    return _when(target.finish) % (told | _dates(target.finish))


def _when(finish: Finish) -> str:
    """With places for the pace and the dates."""
    if finish.likely is None:
        return _(
            "At %(rate)s labels a day in the last %(days)s days (%(low)s to %(high)s as a 95 %% interval) it would "
            "take more than ten years."
        )
    if finish.latest is None:
        return _(
            "At %(rate)s labels a day in the last %(days)s days (%(low)s to %(high)s as a 95 %% interval) they are "
            "there on %(likely)s, %(earliest)s at the earliest. The days differ too much to name a latest one."
        )
    return _(
        "At %(rate)s labels a day in the last %(days)s days (%(low)s to %(high)s as a 95 %% interval) they are there "
        "on %(likely)s, between %(earliest)s and %(latest)s."
    )


def _dates(finish: Finish) -> dict[str, str]:
    if finish.likely is None:
        return {}
    told = {"likely": _day(finish.likely), "earliest": _day(finish.earliest or finish.likely)}
    return told | ({"latest": _day(finish.latest)} if finish.latest else {})


def _day(day: date) -> str:
    return date_format(day, _("j F Y"))
