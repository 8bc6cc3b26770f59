"""When the next full run starts, as the page says it and as the trigger does it."""

from __future__ import annotations

import pytest

from labeller.learning import selectors
from labeller.learning.automatic import consider_full
from labeller.projects.models import Project, User
from tests.annotation.acts import free_and_reserved
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
    assert consider_full(project, labels=next_at - 1, teaching=30, kinds=2) is None
    assert consider_full(project, labels=next_at, teaching=30, kinds=2) is not None
