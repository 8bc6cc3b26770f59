"""What figures were measured on: the audit texts, or the test file. One choice in the address, `on`, for all pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.http import Http404, QueryDict
from django.utils.translation import gettext as _

from labeller.corpus.testset import TestSet, set_in_force
from labeller.insight import selectors
from labeller.insight.selectors import Estimate, LabelScore, VersionScore
from labeller.learning.testscores import TestScore
from labeller.projects.models import Project

AUDIT, TEST = "audit", "test"
_METRICS = ("metrics__accuracy", "metrics__macro_f1", "metrics__micro_f1")
# A tightened figure tells of the pool by way of the audit, so a test file has none: its own figures lead.
_UNMEASURED: dict[str, Any] = {
    "n_audit": 0, "accuracy": None, "macro_f1": None, "micro_f1": None, "tightened": None, "tightened_f1": None,
    "scored_how": "", "sample": None,
}  # fmt: skip


@dataclass(frozen=True)
class Ground:
    """The texts that figures stand on."""

    test_set: TestSet | None  # None: the audit texts
    in_force: TestSet | None = None  # the project's test file, chosen here or not

    @property
    def has_choice(self) -> bool:
        return self.in_force is not None

    @property
    def on(self) -> str:
        """As the address has it."""
        return TEST if self.test_set else AUDIT

    @property
    def name(self) -> str:
        """What one of its texts is called."""
        return "test text" if self.test_set else "audit text"  # of sentences.COUNTED

    @property
    def column(self) -> str:
        """Head of a column that counts them."""
        return _("Test texts") if self.test_set else _("Audit texts")

    @property
    def place(self) -> str:
        """Where they come from, to follow "texts"."""
        return _("of the test file %(name)s") % {"name": self.test_set.name} if self.test_set else _("drawn at random")


ON_THE_AUDIT = Ground(None)


def ground_of(project: Project, query: QueryDict) -> Ground:
    """What the address asks for; without a word the audit, and the test file where a project draws no audit texts. One
    query. Raises Http404 for another word, and for a test file that there is not."""
    asked, test_set = query.get("on", ""), set_in_force(project)
    if asked not in ("", AUDIT, TEST):
        raise Http404(_("Figures are measured on the audit or on the test file."))
    if asked == TEST and test_set is None:
        raise Http404(_("This project has no test file."))
    wanted = asked == TEST or (asked == "" and not project.audit)
    return Ground(test_set if wanted else None, test_set)


def versions_on(project: Project, ground: Ground) -> list[VersionScore]:
    """Every version as `selectors.versions` has it, with its figures on this ground; one that was not measured on it
    has 0 texts. One query; two on a test file."""
    return on_ground(selectors.versions(project), ground)


def on_ground(versions: list[VersionScore], ground: Ground) -> list[VersionScore]:
    """The same versions with their figures on this ground. No query; one on a test file."""
    if ground.test_set is None:
        return versions
    scores = _scores(ground.test_set)
    return [_on_test(version, scores.get(version.number), ground) for version in versions]


def measured(versions: Iterable[VersionScore], ground: Ground) -> list[VersionScore]:
    """The rows of the curve: on the audit all, on a test file those that it has measured."""
    return [version for version in versions if ground.test_set is None or version.n_audit]


def label_scores_on(project: Project, number: int | None, ground: Ground) -> list[LabelScore]:
    """As `selectors.label_scores`. Three queries."""
    if ground.test_set is None:
        return selectors.label_scores(project, number)
    return selectors.label_scores(project, number, scores=TestScore.objects.filter(test_set=ground.test_set))


def _scores(test_set: TestSet) -> dict[int, dict[str, Any]]:
    rows = (
        TestScore.objects.filter(test_set=test_set)
        .order_by()
        .values("version__number", "n_texts", "label_ids", *_METRICS)
    )
    return {row["version__number"]: row for row in rows}


def _on_test(version: VersionScore, score: dict[str, Any] | None, ground: Ground) -> VersionScore:
    if score is None:
        return replace(version, **_UNMEASURED)
    accuracy, macro_f1, micro_f1 = (Estimate.read(score[name]) for name in _METRICS)
    how = _("The model as it was stored, on texts %(place)s: it has learnt from none of them.") % {
        "place": ground.place
    }
    of_test = {"n_audit": score["n_texts"], "accuracy": accuracy, "macro_f1": macro_f1, "micro_f1": micro_f1}
    task = {"label_ids": frozenset(score["label_ids"])}
    return replace(version, **_UNMEASURED | of_test | task | {"scored_how": how})


def unmeasured(versions: Iterable[VersionScore]) -> int:
    """Models of a test file's list that could still be measured on it."""
    return sum(not version.n_audit and not version.is_deleted for version in versions)
