"""What the stages of a full run leave behind."""

from __future__ import annotations

import pytest

from labeller.annotation.models import Source
from labeller.corpus.models import Document
from labeller.learning.bridges import promotion as bridge_promotion
from labeller.learning.models import ModelVersion
from labeller.projects.models import Project, User
from tests.learning.read_otherwise import Noise, Same, go_through
from tests.learning.scene import annotate, fill, read

pytestmark = pytest.mark.django_db


@pytest.fixture
def labelled(project: Project, bob: User) -> list[Document]:
    """Of thirty texts 28 are labelled, 15 of them for the audit."""
    documents = fill(project)
    read(project)
    for at, document in enumerate(documents[:28]):
        annotate(document, bob, source=Source.AUDIT if at < 15 else Source.ACTIVE)
    return documents


def test_a_run_of_which_the_first_model_serves_is_not_refused_for_its_second(
    project: Project, labelled: list[Document]
) -> None:
    stages = go_through(project, labels=Same(project), pool=Noise())
    assert [said.split(":")[0] for said in stages.sentences] == ["Promoted", "Not promoted"] and stages.promoted


def test_of_very_many_labels_the_head_learns_a_sample_and_the_version_says_so(
    project: Project, labelled: list[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bridge_promotion, "FITTED_TEXTS", 20)
    go_through(project, labels=Same(project))
    version = ModelVersion.objects.get(project=project, kind="full")
    assert (version.n_labels, version.settings["fitted_on"], version.n_audit) == (28, 20, 15)
