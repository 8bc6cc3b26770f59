"""How many answers a text wants: one, or several of a share of the texts that is drawn once and for all.

A text's place in the draw of the audit (`Document.draw`) is uniform for life. Its digits behind the 20th binary one
are as good as another uniform number: independent of the place, of any model and of who labels. The text is shared
when that number lies below the share. So the share is exact in expectation, among the texts served first as among
those served last, and a larger share holds every text of a smaller one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Case, F, IntegerField, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Floor
from django.db.models.lookups import LessThan
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

if TYPE_CHECKING:
    from labeller.projects.models import Project

TURNS = 2.0**20
NUMBERS = {
    2: pgettext_lazy("people", "Two"),
    3: pgettext_lazy("people", "Three"),
    4: pgettext_lazy("people", "Four"),
    5: pgettext_lazy("people", "Five"),
    6: pgettext_lazy("people", "Six"),
    7: pgettext_lazy("people", "Seven"),
    8: pgettext_lazy("people", "Eight"),
    9: pgettext_lazy("people", "Nine"),
    10: pgettext_lazy("people", "Ten"),
}


def turned(draw: Any) -> Any:
    """A second uniform number in [0, 1) from a draw, or from each of an array of them. The arithmetic is exact, so the
    database finds the same."""
    return (draw * TURNS) % 1.0


@dataclass(frozen=True)
class Overlap:
    """`people` answer every text (`share` is None), or that share of the texts drawn at random and one the others."""

    people: int
    share: float | None = None  # 0..1

    @classmethod
    def of(cls, project: Project) -> Overlap:
        everywhere = project.overlap == 1 or project.overlap_on != project.OverlapOn.DRAWN
        return cls(project.overlap, None if everywhere else project.overlap_share / 100)

    @property
    def sentence(self) -> str:
        """For the project's first page; empty where one person answers each text."""
        if self.people == 1:
            return ""
        number = str(NUMBERS[self.people])
        if self.share is None:
            return _("%(number)s people answer each text, blind to each other.") % {"number": number}
        told = _(
            "%(number)s people answer %(share)s %% of the texts drawn at random, one the others; blind to each other."
        )
        return told % {"number": number, "share": f"{self.share * 100:.0f}"}

    @property
    def of_others(self) -> int:
        """Answers that a text wants which was not drawn at random."""
        return self.people if self.share is None else 1

    def wanted(self, draw: float, *, audit: bool) -> int:
        """Answers that a text wants; `audit`: it was drawn at random."""
        if self.share is None or (audit and turned(draw) < self.share):
            return self.people
        return 1

    def wanted_of_row(self, draw: str, *, audit: bool) -> Combinable:
        """As `wanted`, of the row whose draw is in the column `draw`."""
        if self.share is None or not audit:
            return Value(self.of_others)
        shared = When(self.is_shared(draw), then=Value(self.people))
        return Case(shared, default=Value(1), output_field=IntegerField())

    def is_shared(self, draw: str) -> LessThan:
        """Whether the row belongs to the share."""
        place = F(draw) * Value(TURNS)
        return LessThan(place - Floor(place), Value(self.share))
