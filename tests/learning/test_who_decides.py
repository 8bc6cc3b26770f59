"""Whether the audit says which model serves, or the labels at hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeller.annotation.models import Source
from labeller.learning.bridges.deciding import audit_can_tell, audit_decides
from labeller.learning.bridges.pool import Labelled, labelled
from labeller.learning.models import LoopState, ModelVersion
from labeller.learning.triggers import enough_audit
from labeller.projects.models import Project, User
from tests.insight.scored import add_version
from tests.learning.read_otherwise import Noise, Same, go_through
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
def test_the_audit_can_tell_from_so_many_texts_on(kind: str, audit: int, carrying: int, decides: bool) -> None:
    for audited in (True, False):  # texts of an audit that was switched off go on telling
        assert audit_can_tell(Project(kind=kind, audit=audited), labels(audit, carrying)) is decides


@pytest.mark.parametrize(
    ("labelled", "enough"), [(10, 10), (32, 10), (43, 10), (48, 12), (120, 30), (160, 40), (2000, 40), (100_000, 40)]
)
def test_ten_audit_texts_do_not_overrule_thousands_of_labels(labelled: int, enough: int) -> None:
    assert enough_audit(labelled) == enough


@given(st.integers(10, 100_000))
def test_where_people_give_all_labels_the_tenth_audit_text_is_enough_and_stays_so(labelled: int) -> None:
    """Every third text is of the audit until there are 40."""
    audit = min(-(-labelled // 3), 40)
    assert audit < 10 or audit >= enough_audit(labelled)


@pytest.mark.django_db
def test_another_encoder_s_model_waits_for_the_audit(project: Project, bob: User) -> None:
    """Halves hold what was tuned from it against itself as it came, not against what serves."""
    documents = fill(project)
    read(project)
    for document in documents[:21]:
        annotate(document, bob)
    assert not audit_decides(project, labelled(project))
    serving = add_version(project, n_labels=12, n_audit=0, kind="full", promoted=True)
    LoopState.objects.update_or_create(project=project, defaults={"serving": serving})
    assert not audit_decides(project, labelled(project))
    ModelVersion.objects.filter(pk=serving.pk).update(encoder="another")
    assert audit_decides(project, labelled(project))
    project.audit = False
    assert not audit_decides(project, labelled(project))


@pytest.mark.django_db
def test_and_the_audit_says_nothing_about_it_before_it_can_tell(
    project: Project, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As beside thousands of labels from a file: ten audit texts would overrule them."""
    documents = fill(project)
    read(project)
    for at, document in enumerate(documents[:21]):
        annotate(document, bob, source=Source.AUDIT if at % 2 == 0 else Source.ACTIVE)
    monkeypatch.setattr("labeller.learning.bridges.deciding.another_serves", lambda _: True)
    for needed, said in ((11, "Promoted: "), (12, "Not promoted yet: 11 audit labels ")):
        for module in ("deciding", "promotion"):
            monkeypatch.setattr(f"labeller.learning.bridges.{module}.enough_audit", lambda _, n=needed: n)
        assert go_through(project, BY_HALVES, labels=Same(project)).sentences[0].startswith(said)


@pytest.mark.django_db
def test_nobody_is_believed_who_was_not_asked(project: Project, bob: User) -> None:
    """A run that is gone on with, of whose first stage the audit could tell, but an answer was taken back since."""
    documents = fill(project)
    read(project)
    for document in documents[:21]:
        annotate(document, bob)
    assert go_through(project, labels=Same(project)).sentences[0].startswith("Not promoted yet: 0 audit labels")


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
