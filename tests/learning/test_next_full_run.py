"""When the next full run starts, as the page says it and as the trigger does it."""

from __future__ import annotations

import pytest
from django.utils import timezone

from labeller.annotation.models import Ranking, ServingCounter, Source
from labeller.annotation.selectors import audit_texts_carrying
from labeller.learning import selectors
from labeller.learning.automatic import consider_full
from labeller.learning.models import ModelVersion
from labeller.projects.models import Project, User
from tests.annotation.acts import free_and_reserved
from tests.insight.scored import add_version
from tests.learning.scene import annotate, fill, make_run

pytestmark = pytest.mark.django_db


def test_many_embed_runs_do_not_hide_the_last_full_one(project: Project) -> None:
    full = make_run(project, state="failed", reason="Out of memory.", labels_at_start=40)
    for _ in range(9):
        make_run(project, kind="embed", state="done")
    status = selectors.learning_status(project)
    assert status.full == full
    assert (status.embed, status.next_full) == (None, 50)


def answer_two_kinds(project: Project, who: User) -> None:
    """Else nothing can be tuned."""
    free, _ = free_and_reserved(fill(project))
    for document, label in zip(free, ["Change", "Court"], strict=False):
        annotate(document, who, [label])


REFUSED = "Not promoted: 9 of 12 audit texts right, 11 before (p of being worse 0.12). The model before serves on."
TOO_FEW = "Not promoted yet: 7 audit labels that both it and the model before have read are too few to compare them."
GAVE_WAY = (
    "Model 1 gives way to the encoder as it came: 12 of 30 labels given since it learnt foretold, 20 by the encoder as"
    " it came (p of being worse 0.03)."
)
PINNED = "Not promoted: Model 3 is pinned. It would be: 11 of 12 audit texts right, 9 before (p of being worse 0.88)."


@pytest.mark.parametrize(
    ("reasons", "next_at"),
    [
        ([REFUSED], 60),
        ([REFUSED, REFUSED], 80),
        ([REFUSED, REFUSED, REFUSED], 80),
        ([REFUSED, REFUSED, ""], 50),
        ([REFUSED, "", REFUSED], 60),
        ([TOO_FEW, TOO_FEW], 50),
        ([REFUSED, TOO_FEW], 60),
        ([PINNED], 50),
        ([f"Not promoted: 5 texts that carry a label are too few. {GAVE_WAY}"], 50),
        ([f"{REFUSED} {GAVE_WAY}"], 60),
    ],
)
def test_refused_runs_put_off_the_next_and_the_page_says_what_the_trigger_does(
    project: Project, bob: User, reasons: list[str], next_at: int
) -> None:
    for reason in reasons:
        make_run(project, state="done", reason=reason, labels_at_start=40)
    make_run(project, state="failed", reason="Out of memory.", labels_at_start=40)
    answer_two_kinds(project, bob)
    assert selectors.learning_status(project).next_full == next_at
    assert consider_full(project, labels=next_at - 1, teaching=30, kinds=2, audit_can_tell=True) is None
    assert consider_full(project, labels=next_at, teaching=30, kinds=2, audit_can_tell=True) is not None


HALVES = "of 24 labels, each half foretold by models of the other half, the tuned encoder had 9 right and the encoder"
BY_HALVES = [
    f"Promoted: {HALVES} as it came 8 (p of being worse 0.70).",
    f"Not promoted: {HALVES} as it came 14 (p of being worse 0.02).",
]
RANKED = {"labels_seen": 28, "pool_size": 30, "ranked_at": timezone.now()}
BY_AUDIT = "Promoted: 8 of 10 audit texts right, 7 before (p of being worse 0.75)."


@pytest.mark.parametrize("kind", ["single", "multi"])
@pytest.mark.parametrize(
    ("decided", "audit", "state", "next_at"),
    [
        (BY_HALVES[0], 9, "done", 30),
        (BY_HALVES[0], 10, "done", 25),
        (BY_HALVES[1], 9, "done", 36),
        (BY_HALVES[1], 10, "done", 25),
        (BY_AUDIT, 10, "done", 30),
        (BY_HALVES[0], 10, "failed", 30),  # it is not tried again at each label
    ],
)
def test_a_model_that_the_audit_could_not_judge_is_followed_as_soon_as_it_can(
    project: Project, bob: User, decided: str, audit: int, state: str, next_at: int, kind: str
) -> None:
    answer_two_kinds(project, bob)
    for document in list(project.documents.order_by("-id")[:3]):
        annotate(document, bob, ["Change"], source=Source.AUDIT)
    Project.objects.filter(pk=project.pk).update(kind=kind)
    project.refresh_from_db()
    ServingCounter.objects.update_or_create(project=project, defaults={"audit_labelled": audit})
    Ranking.objects.update_or_create(project=project, defaults=RANKED)
    reason = "" if decided.startswith("Promoted") else decided
    run = make_run(project, state="done", reason=reason, labels_at_start=24)
    version = add_version(project, n_labels=24, n_audit=audit, kind="full")
    ModelVersion.objects.filter(pk=version.pk).update(run=run, settings={"promotion": decided})
    if state == "failed":  # behind its first stage, which it kept
        failed = make_run(project, state=state, reason="Out of memory.", labels_at_start=24)
        kept = add_version(project, n_labels=24, n_audit=audit, kind="full")
        ModelVersion.objects.filter(pk=kept.pk).update(run=failed, settings={"promotion": decided})
    can_tell = audit >= 10
    assert selectors.learning_status(project).next_full == next_at
    due = {"teaching": 30, "kinds": 2, "audit_can_tell": can_tell}
    assert consider_full(project, labels=next_at - 1, **due) is None
    assert consider_full(project, labels=next_at, **due) is not None


def test_with_several_labels_three_audit_texts_must_carry_one(project: Project, bob: User) -> None:
    answer_two_kinds(project, bob)
    Project.objects.filter(pk=project.pk).update(kind="multi")
    documents = list(project.documents.order_by("-id")[:4])
    for document, labels in zip(documents, [["Change"], ["Change", "Court"], []], strict=False):
        annotate(document, bob, labels, source=Source.AUDIT)
    assert audit_texts_carrying(project) == 2
    annotate(documents[3], bob, ["Change"], source=Source.AUDIT)
    assert audit_texts_carrying(project) == 3
