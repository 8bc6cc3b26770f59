"""Each person's share of the work, for those who may see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from labeller.insight.effort import Ledger, Work, days
from labeller.insight.effort_selectors import Medians, names
from labeller.projects.models import Membership

ENOUGH_PEOPLE = 3
"""Times of fewer people together than these tell one of them the other's."""


@dataclass(frozen=True)
class Person:
    """A row of the table. `median_s` is None where too little was timed."""

    pk: int
    name: str
    work: Work  # from the beginning
    today: Work
    recent: int  # labels on the days shown
    days: int  # of the days shown, those with work
    median_s: float | None

    @property
    def labels_a_day(self) -> float | None:
        """On a day with work, of the days shown."""
        return self.recent / self.days if self.days else None


def visible_people(ledger: Ledger, membership: Membership) -> set[int]:
    """A manager sees everybody, an annotator themself, a reader nobody."""
    everybody = {person for person, _ in ledger.entries}
    if membership.may_manage:
        return everybody
    return everybody & {membership.user_id} if membership.may_label else set()


def times_held(ledger: Ledger, membership: Membership, stretches: Sequence[range]) -> list[bool]:
    """For each of these stretches of the ledger's bins, of which no two overlap: whether this member is not told how
    long all together worked there. Who is no manager could take their own time from that of two and have the other's,
    and what is told of some stretches from what is told of all. So times are told of three people or more, or of
    oneself alone; and where those held back, with what lies outside of all stretches, are fewer people's together, none
    are told."""
    if membership.may_manage:
        return [False] * len(stretches)

    def gives_away(people: set[int]) -> bool:
        return bool(people - {membership.user_id}) and len(people) < ENOUGH_PEOPLE

    told = [ledger.people(stretch) for stretch in stretches]
    held = [gives_away(people) for people in told]
    outside = ledger.people(set(ledger.bins.all).difference(*stretches))
    kept = outside.union(*(people for people, is_held in zip(told, held, strict=True) if is_held))
    return [True] * len(stretches) if gives_away(kept) else held


def people_of(ledger: Ledger, midnights: Sequence[datetime], middles: Medians, visible: set[int]) -> list[Person]:
    """Most labels first. One query, for the names."""
    called = names(visible)
    people = []
    for pk, own in ledger.by_person().items():
        if pk not in visible:
            continue
        work, by_day = own.of(), days(own, midnights)
        people.append(
            Person(
                pk=pk,
                name=called[pk],
                work=work,
                today=own.of(None, own.bins.between(midnights[-1], None)),
                recent=sum(day.work.labels for day in by_day),
                days=sum(day.work != Work() for day in by_day),
                median_s=middles.by_person.get(pk) if work.labels_an_hour is not None else None,
            )
        )
    return sorted(people, key=lambda person: (-person.work.labels, person.name))


def chosen_person(people: Sequence[Person], pk: int | None) -> Person | None:
    """Raises PermissionDenied for somebody whom this member may not see, or who has answered nothing here."""
    if pk is None:
        return None
    for person in people:
        if person.pk == pk:
            return person
    raise PermissionDenied(_("You may see your own days and those of all together. A manager sees each person's."))
