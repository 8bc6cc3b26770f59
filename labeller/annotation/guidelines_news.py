"""The small line on the labelling page: the guidelines changed since this person last labelled."""

from __future__ import annotations

from dataclasses import dataclass

from labeller.annotation.models import BESIDE_ANSWERS, Annotation
from labeller.projects.history import GuidelinesVersion
from labeller.projects.models import Project, User


@dataclass(frozen=True)
class GuidelinesNews:
    version: GuidelinesVersion  # the newest
    since: int  # the version under which this person last labelled
    page_is_old: bool  # the page that asks shows an earlier version still


def guidelines_news(project: Project, annotator: User, *, shown: int) -> GuidelinesNews | None:
    """None when nothing changed since this person's last answer, or there was none; `shown` is the version on the page
    that asks, 0 where none was told yet: there the first is news. Elsewhere answers from before versions were kept
    count as given under the first. Two queries at most."""
    if project.guidelines_number < (2 if shown else 1):
        return None
    mine = Annotation.objects.filter(project=project, annotator=annotator).exclude(source__in=BESIDE_ANSWERS)
    last = mine.order_by("-created_at").values_list("guidelines_number", flat=True)[:1]
    found = list(last)
    if not found:
        return None
    since = min(found[0] or 1, shown)
    if since >= project.guidelines_number:
        return None
    version = GuidelinesVersion.objects.filter(project=project).first()
    return None if version is None else GuidelinesNews(version, since, shown < project.guidelines_number)
