"""Whether the audit says which model serves, or the labels at hand."""

from __future__ import annotations

import numpy as np
import pytest

from labeller.annotation.models import Source
from labeller.learning.bridges.pool import Labelled
from labeller.learning.bridges.promotion import audit_decides
from labeller.learning.models import LoopState
from labeller.projects.models import Project, User
from tests.learning.read_otherwise import Noise, go_through
from tests.learning.scene import annotate, fill, read

BY_HALVES = {"labels": 12, "halves_right": 9, "halves_right_frozen": 8, "halves_p": 0.7}


def labels(audit: int, carrying: int) -> Labelled:
    """40 texts, so many of them of the audit, of which so many carry a label."""
    Y = np.zeros((40, 3), np.uint8)
    Y[:carrying] = Y[audit:] = [1, 0, 0]
    is_audit = np.arange(40) < audit
    return Labelled(np.arange(40), Y, is_audit, ~is_audit, np.zeros(40), [1, 2, 3], ["a", "b", "c"])


@pytest.mark.parametrize(
    ("kind", "audit", "carrying", "decides"),
    [
        ("single", 0, 0, False),
        ("single", 9, 9, False),
        ("single", 10, 10, True),
        ("multi", 9, 9, False),
        ("multi", 30, 2, False),
        ("multi", 30, 3, True),
    ],
)
def test_the_audit_decides_as_soon_as_it_can_tell(kind: str, audit: int, carrying: int, decides: bool) -> None:
    for audited in (True, False):  # texts of an audit that was switched off go on telling
        assert audit_decides(Project(kind=kind, audit=audited), labels(audit, carrying)) is decides


@pytest.mark.django_db
def test_what_the_labels_let_in_leaves_once_the_audit_sees_it_behind(project: Project, bob: User) -> None:
    """An encoder that hears nothing, of which the halves were mistaken."""
    documents = fill(project)
    read(project)
    for at, document in enumerate(documents[:21]):
        annotate(document, bob, source=Source.AUDIT if at % 3 == 0 and at < 20 else Source.ACTIVE)
    stages = go_through(project, BY_HALVES, labels=Noise())
    assert stages.sentences == [
        "Promoted: of 12 labels, each half foretold by models of the other half, the tuned encoder had 9 right and the"
        " encoder as it came 8 (p of being worse 0.70)."
    ]
    assert str(LoopState.objects.get(project=project).serving) == "Model 1"

    for document in documents[21:28]:
        annotate(document, bob, source=Source.AUDIT)
    stages = go_through(project, BY_HALVES, labels=Noise())
    assert "Model 1 gives way to the encoder as it came: " in stages.sentences[0], stages.sentences
    assert LoopState.objects.get(project=project).serving is None
