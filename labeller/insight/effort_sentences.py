"""Where the labelling goes, in words."""

from __future__ import annotations

from datetime import date

from labeller.insight.effort_page import Target
from labeller.insight.projection import LEAST_DAYS, Finish
from labeller.insight.sentences import counted, duration


def target_sentences(target: Target) -> list[str]:
    """What is left, as work and as a date. Never a date without its interval."""
    if not target.missing:
        return ["They are there."]
    left = f"{counted(target.missing, 'answer')} missing"
    work = "." if target.work_s is None else f": about {duration(target.work_s)} of work at the pace so far."
    return [left + work, _date_sentence(target)]


def _date_sentence(target: Target) -> str:
    if target.pace is None or target.finish is None:
        return f"A date needs labels on the last days, and {LEAST_DAYS} days since the first one."
    pace = target.pace
    rate = f"{pace.value:,.0f} labels a day in the last {pace.days} days"
    bounds = f"{max(0.0, pace.low):,.0f} to {pace.high:,.0f} as a 95 % interval"
    return f"At {rate} ({bounds}) {_when(target.finish)}"


def _when(finish: Finish) -> str:
    if finish.likely is None:
        return "it would take more than ten years."
    likely = f"they are there on {_day(finish.likely)}"
    earliest = _day(finish.earliest or finish.likely)
    if finish.latest is None:
        return f"{likely}, {earliest} at the earliest. The days differ too much to name a latest one."
    return f"{likely}, between {earliest} and {_day(finish.latest)}."


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"
