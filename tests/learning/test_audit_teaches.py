"""While the audit is too small for a figure its texts teach encoders too; later none that learnt from them stays."""

from __future__ import annotations

from typing import Any

import pytest

from labeller.annotation.models import Annotation, ServingCounter, Source
from labeller.corpus.models import Document
from labeller.insight.headline import headline
from labeller.insight.selectors import standing, versions
from labeller.learning import selectors
from labeller.learning.bridges import full as bridge_full
from labeller.learning.bridges.deciding import AUDIT_TAUGHT, for_a_run
from labeller.learning.bridges.full import _snapshot
from labeller.learning.bridges.pool import labelled
from labeller.learning.bridges.reproduce import reproduce
from labeller.learning.bridges.versions import TAUGHT
from labeller.learning.models import AuditPrediction, LoopState, ModelVersion, TrainingRun
from labeller.learning.triggers import ENOUGH_TO_COMPARE
from labeller.projects.models import Project, User
from modelsvc.tuning.finetune_config import FineTuneError
from tests.insight.scored import add_version
from tests.learning.read_otherwise import Noise, Same, go_through
from tests.learning.scene import annotate, fill, full, make_run, read, refit

pytestmark = pytest.mark.django_db
BY_HALVES = {"labels": 14, "halves_right": 9, "halves_right_frozen": 8, "halves_p": 0.7}


@pytest.fixture
def documents(project: Project) -> list[Document]:
    """A pool that is read, of which the audit draws no more."""
    found = fill(project)
    Document.objects.update(draw=0.9)
    read(project)
    return found


def answer(documents: list[Document], who: User, *, audit: int) -> None:
    """So many audit texts first; all kinds take turns."""
    for at, document in enumerate(documents):
        annotate(document, who, source=Source.AUDIT if at < audit else Source.ACTIVE)


def serving(project: Project) -> ModelVersion | None:
    return LoopState.objects.select_related("serving").get(project=project).serving


class TestWhichTextsTeach:
    @pytest.mark.parametrize(
        ("audit", "audited", "another", "teach"),
        [
            (0, True, False, True),
            (ENOUGH_TO_COMPARE - 1, True, False, True),
            (ENOUGH_TO_COMPARE, True, False, False),
            (ENOUGH_TO_COMPARE - 1, False, False, False),  # switched off: what it has measured by then stays so
            (ENOUGH_TO_COMPARE - 1, True, True, False),  # the audit alone can judge beside another encoder's model
        ],
    )
    def test_audit_texts_do_while_they_are_too_few_to_compare_by(
        self, project: Project, audit: int, audited: bool, another: bool, teach: bool
    ) -> None:
        project.audit = audited
        if another:
            version = add_version(project, n_labels=9, n_audit=0, kind="full", promoted=True)
            ModelVersion.objects.filter(pk=version.pk).update(encoder="another")
            LoopState.objects.update_or_create(project=project, defaults={"serving": version})
        assert selectors.audit_teaches(project, audit) is teach

    def test_a_run_counts_them_and_the_page_counts_alike(
        self, project: Project, documents: list[Document], bob: User
    ) -> None:
        answer(documents[:20], bob, audit=9)
        kept = documents[20]  # of the reserve, labelled from a search: the audit may still draw it
        Document.objects.filter(pk=kept.pk).update(draw=0.0)
        annotate(kept, bob, source=Source.SEARCH)
        found = for_a_run(project, labelled(project))
        assert int(found.may_teach.sum()) == selectors.teaching_labels(project).teaching == 20
        assert not found.is_audit.any() and found.audit_taught == 9

        annotate(documents[21], bob, source=Source.AUDIT)
        found = for_a_run(project, labelled(project))
        assert int(found.may_teach.sum()) == selectors.teaching_labels(project).teaching == 11
        assert int(found.is_audit.sum()) == 10 and found.audit_taught == 0

    @pytest.mark.parametrize(("audit", "labels", "asked"), [(9, 21, "first"), (10, 11, "then")])
    def test_an_encoder_is_tuned_on_them_and_the_labels_at_hand_are_asked(
        self,
        project: Project,
        documents: list[Document],
        bob: User,
        monkeypatch: pytest.MonkeyPatch,
        audit: int,
        labels: int,
        asked: str,
    ) -> None:
        answer(documents[:21], bob, audit=audit)
        heard: list[tuple[int, str]] = []

        def train(_: Any, texts: list[str], *__: Any, ask_labels: str, **___: Any) -> None:
            heard.append((len(texts), ask_labels))
            raise FineTuneError("It is only asked how it would be called.")

        monkeypatch.setattr(bridge_full.recipe, "train", train)
        full(project)
        assert heard == [(labels, asked)]


class TestAnEncoderThatLearntFromThem:
    def test_is_not_scored_nor_any_head_over_it_and_the_page_says_why(
        self, project: Project, documents: list[Document], bob: User
    ) -> None:
        answer(documents[:14], bob, audit=5)
        go_through(project, BY_HALVES, labels=Same(project))
        version = serving(project)
        assert version is not None and version.settings[AUDIT_TAUGHT] == 5
        assert (version.n_audit, version.scored_how, version.metrics) == (0, TAUGHT, {})

        answer(documents[14:21], bob, audit=7)
        refit(project)
        quick = ModelVersion.objects.get(kind="quick")
        assert (quick.base, quick.n_audit, quick.scored_how) == (version, 0, TAUGHT)
        assert not AuditPrediction.objects.exists()

    def test_is_followed_at_once_when_they_are_enough(
        self, project: Project, documents: list[Document], bob: User
    ) -> None:
        answer(documents[:16], bob, audit=9)
        go_through(project, BY_HALVES, labels=Same(project))
        refit(project)
        assert TrainingRun.objects.filter(kind="full").count() == 1
        annotate(documents[16], bob, source=Source.AUDIT)
        assert selectors.learning_status(project).next_full == 20  # of 16 labels a quarter more
        ServingCounter.objects.update_or_create(project=project, defaults={"audit_labelled": 10})
        refit(project)
        assert TrainingRun.objects.get(kind="full", state="queued").labels_at_start == 17

    def test_serves_until_one_that_did_not_is_held_against_the_encoder_as_it_came(
        self, project: Project, documents: list[Document], bob: User
    ) -> None:
        answer(documents[:14], bob, audit=9)
        go_through(project, BY_HALVES, labels=Same(project))
        before = serving(project)
        answer(documents[14:28], bob, audit=3)
        stages = go_through(project, labels=Same(project))
        version = serving(project)
        assert version is not None and version != before
        assert (version.n_audit, AUDIT_TAUGHT in version.settings) == (12, False)
        assert stages.sentences[0].startswith("Promoted: ")
        assert (
            " of 12 audit texts right, " in stages.sentences[0] and " by the encoder as it came" in stages.sentences[0]
        )

    def test_gives_way_where_that_one_is_seen_behind(
        self, project: Project, documents: list[Document], bob: User
    ) -> None:
        answer(documents[:14], bob, audit=9)
        go_through(project, BY_HALVES, labels=Same(project))
        answer(documents[14:28], bob, audit=3)
        told = go_through(project, labels=Noise()).sentences[0]
        assert told.startswith("Not promoted: ")
        assert told.endswith(
            "Model 1 gives way to the encoder as it came: it has learnt from audit texts, so they cannot tell how good"
            " it is."
        )
        assert serving(project) is None

    def test_a_run_goes_on_as_its_first_stage_began_whatever_came_since(
        self, project: Project, documents: list[Document], bob: User
    ) -> None:
        """A second stage is the mean of encoders of which the first is one."""
        answer(documents[:14], bob, audit=9)
        first = add_version(project, n_labels=14, n_audit=0, kind="full")
        run = make_run(project, state="running", labels_at_start=14)
        annotate(documents[14], bob, source=Source.AUDIT)
        ModelVersion.objects.filter(pk=first.pk).update(settings={AUDIT_TAUGHT: 9})
        first.refresh_from_db()
        assert len(_snapshot(run, first).teaching.Y) == 15
        ModelVersion.objects.filter(pk=first.pk).update(settings={})
        first.refresh_from_db()
        Annotation.objects.filter(source=Source.AUDIT).latest("pk").delete()
        assert len(_snapshot(run, first).teaching.Y) == 5

    def test_is_made_again_as_it_was_when_the_audit_has_grown(
        self, project: Project, documents: list[Document], bob: User
    ) -> None:
        answer(documents[:14], bob, audit=9)
        go_through(project, BY_HALVES, labels=Same(project))
        refit(project)
        answer(documents[14:21], bob, audit=7)
        again = reproduce(ModelVersion.objects.get(kind="quick"))
        assert (again.texts, again.labelled, again.embeddings) == (0, 14, "stored")
        assert again.head_difference is not None and again.head_difference < 1e-5


def test_the_results_say_why_a_model_in_use_has_no_figure(
    project: Project, documents: list[Document], bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Enough audit texts are in by now, and it has learnt from the first of them."""
    answer(documents[:14], bob, audit=9)
    go_through(project, BY_HALVES, labels=Same(project))
    answer(documents[14:30], bob, audit=16)
    monkeypatch.setattr("labeller.insight.selectors.ENOUGH_AUDIT", 20)
    refit(project)
    told = headline(standing(project, versions(project)))
    assert told.sentence.endswith(" is not measured.") and told.detail == TAUGHT and not told.has_evidence
