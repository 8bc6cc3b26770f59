"""Do shown suggestions sway? How often the answer was the model's, with the suggestion shown and with it hidden.

Only a coin makes the two comparable: answers to texts that were handed out under another policy were given at another
time, by a model of another age, and are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q

from labeller.annotation.models import Annotation, Source
from labeller.projects.models import Project
from labeller.proportions import Gap, Share, gap

ENOUGH = 30  # answers of each kind below which the difference says nothing


@dataclass(frozen=True)
class Anchoring:
    """Answers that stand, to texts that a model chose and of which a coin decided whether its suggestion is shown. A
    text for which the model suggested nothing is in neither arm: nobody could be swayed by it."""

    shown: Share
    hidden: Share
    is_drawn: bool  # whether a coin decides now, so that more of them come

    @property
    def difference(self) -> Gap | None:
        """Shown minus hidden; None while either is too small."""
        return gap(self.shown, self.hidden) if min(self.shown.n, self.hidden.n) >= ENOUGH else None


def anchoring_of(project: Project) -> Anchoring:
    """One query."""
    half = Project.Suggestions.HALF
    answers = Annotation.objects.filter(
        project=project,
        superseded_at=None,
        source=Source.ACTIVE,
        suggestion_policy=half,
        suggestion_followed__isnull=False,
    )
    rows = answers.values("suggestion_shown").annotate(
        n=Count("pk"), hits=Count("pk", filter=Q(suggestion_followed=True))
    )
    found = {row["suggestion_shown"]: Share(row["hits"], row["n"]) for row in rows}
    none = Share(0, 0)
    return Anchoring(found.get(True, none), found.get(False, none), project.suggestions == half)
