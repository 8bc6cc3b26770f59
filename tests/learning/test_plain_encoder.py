"""The encoder as it came keeps a worse one out of service, and takes over again from one that serves.

Its embeddings are the real ones. Those of the tuned encoder are the same, or noise in their place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse

from labeller.annotation.models import Annotation, Ranking, Source
from labeller.corpus.models import Document
from labeller.learning import artifacts, runs, versions
from labeller.learning.bridges.frozen import AsItCame, frozen_pool
from labeller.learning.bridges.names import prototypes_of, prototypes_of_both
from labeller.learning.bridges.plain import GivesWay, gives_way, plain_score, worse_than_plain
from labeller.learning.bridges.pool import PoolArrays, labelled, pool_arrays, pretrained_folder, reader_of
from labeller.learning.bridges.promotion import Judged
from labeller.learning.bridges.scoring import score_over
from labeller.learning.bridges.stages import _as_the_loop_is
from labeller.learning.bridges.versions import AuditScore
from labeller.learning.id_ranges import pack
from labeller.learning.models import LoopState, ModelVersion, TrainingRun, VersionSnapshot
from labeller.projects.models import Project, User
from modelsvc.encoding.encoder import Encoder
from modelsvc.heads.sureness import NOTHING_KNOWN
from modelsvc.stores.store import EmbeddingStore
from modelsvc.types import Embeddings, silent, unwatched
from tests.cast import add_texts
from tests.insight.scored import add_version
from tests.learning.read_otherwise import Noise, go_through, noise_like
from tests.learning.scene import annotate, fill, read, refit

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]


@pytest.fixture
def documents(project: Project) -> list[Document]:
    found = fill(project)
    read(project)
    return found


def serve_tuned(project: Project, *, spoilt: bool, learnt: Sequence[Document] = ()) -> ModelVersion:
    """A tuned encoder that serves, has read the pool, and learnt from the answers to these texts."""
    plain = pool_arrays(reader_of(project).store_folder)
    version = add_version(project, n_labels=len(learnt), n_audit=0, kind="full", promoted=True)
    answers = Annotation.objects.filter(document__in=learnt).values_list("id", flat=True)
    VersionSnapshot.objects.create(version=version, annotations=pack(answers))
    LoopState.objects.update_or_create(project=project, defaults={"serving": version})
    store = EmbeddingStore(reader_of(project).store_folder, sha256="e" * 64)
    store.append(plain.ids, noise_like(plain.X) if spoilt else plain.X)
    return version


def answer(documents: Sequence[Document], who: User, *, audit: int = 0) -> None:
    for at, document in enumerate(documents):
        annotate(document, who, source=Source.AUDIT if at < audit else Source.ACTIVE)


class TestByTheAudit:
    @pytest.mark.parametrize(("spoilt", "gone"), [(True, True), (False, False)])
    def test_what_serves_gives_way_where_it_is_seen_behind(
        self, project: Project, documents: list[Document], bob: User, spoilt: bool, gone: bool
    ) -> None:
        answer(documents, bob, audit=15)
        version = serve_tuned(project, spoilt=spoilt)
        found = gives_way(project, labelled(project), by_audit=True)
        assert (found is not None) is gone
        if found:
            assert found.version_id == version.pk
            assert found.sentence.startswith("Model 1 gives way to the encoder as it came: ")
            assert "of 15 audit texts right" in found.sentence

    def test_of_few_audit_texts_nothing_follows(self, project: Project, documents: list[Document], bob: User) -> None:
        answer(documents, bob, audit=9)
        serve_tuned(project, spoilt=True)
        assert gives_way(project, labelled(project), by_audit=True) is None

    @pytest.mark.parametrize(("spoilt", "refused"), [(True, True), (False, False)])
    def test_a_new_one_that_is_seen_behind_the_plain_encoder_does_not_serve(
        self, project: Project, documents: list[Document], bob: User, spoilt: bool, refused: bool
    ) -> None:
        answer(documents, bob, audit=15)
        plain, labels = pool_arrays(reader_of(project).store_folder), labelled(project)
        pool = PoolArrays(plain.ids, noise_like(plain.X) if spoilt else plain.X)
        new = score_over(project, labels, pool, None, tuned=NOTHING_KNOWN, look=unwatched)
        said = worse_than_plain(project, new, plain_score(project, labels))
        assert said.startswith("Not promoted: ") is refused and bool(said) is refused

    @pytest.mark.parametrize(("right", "refused"), [(9, True), (10, False), (11, False)])
    def test_one_text_fewer_right_is_enough_to_be_behind(self, project: Project, right: int, refused: bool) -> None:
        gold = np.eye(3, dtype=np.uint8)[np.arange(12) % 3]

        def said(n: int) -> AuditScore:
            answers = np.where(np.arange(12)[:, None] < n, gold, np.roll(gold, 1, axis=1))
            return AuditScore(np.arange(12), answers.astype(np.float32), answers, gold, {}, "")

        assert bool(worse_than_plain(project, said(right), said(10))) is refused


class TestWithoutAnAudit:
    @pytest.mark.parametrize(("spoilt", "later", "gone"), [(True, 18, True), (False, 18, False), (True, 8, False)])
    def test_labels_given_since_it_learnt_decide(
        self, project: Project, documents: list[Document], bob: User, spoilt: bool, later: int, gone: bool
    ) -> None:
        answer(documents[:12], bob)
        serve_tuned(project, spoilt=spoilt, learnt=documents[:12])
        answer(documents[12 : 12 + later], bob)
        found = gives_way(project, labelled(project), by_audit=False)
        assert (found is not None) is gone
        assert found is None or f"of {later} labels given since it learnt foretold" in found.sentence

    def test_an_answer_changed_since_is_no_label_that_it_has_not_seen(
        self, project: Project, documents: list[Document], bob: User
    ) -> None:
        answer(documents[:24], bob)
        serve_tuned(project, spoilt=True, learnt=documents[:24])
        for old in Annotation.objects.filter(document__in=documents[:24]):
            Annotation.objects.filter(pk=old.pk).update(superseded_at=old.created_at)
        answer(documents[:24], bob)
        assert gives_way(project, labelled(project), by_audit=False) is None


def test_to_an_encoder_that_has_not_read_the_pool_none_gives_way(
    project: Project, documents: list[Document], bob: User
) -> None:
    answer(documents, bob, audit=15)
    serve_tuned(project, spoilt=True)
    project.encoder = "another"
    assert gives_way(project, labelled(project), by_audit=True) is None


class TestWhatThePlainEncoderHasNotRead:
    def test_texts_that_came_meanwhile_are_read_before_it_takes_over(
        self, project: Project, documents: list[Document], bob: User
    ) -> None:
        answer(documents, bob, audit=15)
        serve_tuned(project, spoilt=True)
        added = [text.pk for text in add_texts(project, ["You may bring a claim in Rome.", "Our menu has ten pages."])]
        assert gives_way(project, labelled(project), by_audit=True)
        plain = EmbeddingStore(artifacts.embeddings_folder(project.pk, project.encoder))
        assert not len(plain.missing(np.array(added)))

    def test_it_reads_the_name_of_a_label_that_came_meanwhile(
        self, project: Project, documents: list[Document], bob: User
    ) -> None:
        answer(documents, bob, audit=15)
        project.labels.filter(name="Other").update(name="Neither of them")
        pool = frozen_pool(project, labelled(project).document_ids)
        names = prototypes_of(project, pool, labelled(project).label_ids)
        assert names is not None and len(set(names.columns.tolist())) == 3

    def test_names_that_one_of_both_has_not_read_teach_neither(
        self, project: Project, documents: list[Document], bob: User
    ) -> None:
        answer(documents, bob)
        plain = pool_arrays(reader_of(project).store_folder)
        of = (project, plain, replace(plain, names=None), labelled(project).label_ids)
        assert prototypes_of(project, plain, of[3]) is not None and prototypes_of_both(*of) == (None, None)

    def test_of_a_recipe_s_texts_only_what_is_not_stored_is_read(
        self, project: Project, documents: list[Document], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pool, folder = pool_arrays(reader_of(project).store_folder), reader_of(project).store_folder
        (added,) = add_texts(project, ["You may bring a claim in Rome."])
        gone = documents[7].text
        known = {document.pk: document.text for document in (documents[2], documents[4], documents[7], added)}
        ids, source = np.array(list(known)), pretrained_folder(project.encoder)
        read: list[list[str]] = []
        encode = Encoder.encode

        def noted(self: Encoder, texts: Sequence[str], **options: Any) -> Embeddings:
            read.append(list(texts))
            return encode(self, texts, **options)

        monkeypatch.setattr(Encoder, "encode", noted)
        del known[documents[7].pk]  # gone since the recipe took it
        texts = [documents[4].text, added.text, "Court", documents[2].text, gone, documents[4].text]
        ask = AsItCame(source, folder, known, 1)
        found = ask(texts, silent)
        rows = pool.rows_of(np.array([documents[4].pk, documents[2].pk, documents[4].pk]))[0]
        assert read == [[added.text, "Court", gone]] and np.array_equal(found[[0, 3, 5]], pool.X[rows])
        by_itself = encode(Encoder.load(source, threads=1), texts)
        assert np.abs(found - by_itself).max() < 0.02  # in bfloat16 it depends on what is read beside it
        assert np.array_equal(ask(texts[:1] + texts[3:4], silent), found[[0, 3]]) and len(read) == 1
        assert EmbeddingStore(folder).missing(ids).tolist() == [added.pk], "it writes nothing"

        other = AsItCame(source, artifacts.embeddings_folder(project.pk, "replaced"), known, 1)
        assert np.abs(other(texts, silent) - by_itself).max() < 0.02 and read[1] == texts
        EmbeddingStore(other.store, sha256="e" * 64, width=384).append(ids, noise_like(found[[0, 1, 2, 3]]))
        assert np.abs(other(texts, silent) - by_itself).max() < 0.02 and read[2] == texts, (
            "another one has written that"
        )

    def test_whoever_cancels_need_not_wait_until_it_has_read(self, project: Project, documents: list[Document]) -> None:
        def look() -> None:
            raise runs.CancelRequested

        added = np.array([text.pk for text in add_texts(project, [f"Clause {at} of many." for at in range(600)])])
        with pytest.raises(runs.CancelRequested):
            frozen_pool(project, added, look)
        assert len(EmbeddingStore(artifacts.embeddings_folder(project.pk, project.encoder)).missing(added)) == 600


def test_where_none_is_tuned_none_gives_way(project: Project, documents: list[Document], bob: User) -> None:
    answer(documents, bob, audit=15)
    assert gives_way(project, labelled(project), by_audit=True) is None


def test_at_the_end_of_a_run_that_is_refused_the_plain_encoder_takes_over_and_orders_the_queue(
    project: Project, documents: list[Document], bob: User
) -> None:
    answer(documents[:28], bob, audit=15)
    serve_tuned(project, spoilt=True)
    go_through(project, labels=Noise())
    newest = ModelVersion.objects.filter(project=project, kind="full").latest("number")
    told = newest.settings["promotion"]
    assert told.startswith("Not promoted: ") and "Model 1 gives way to the encoder as it came: " in told
    assert LoopState.objects.get(project=project).serving is None
    assert reader_of(project).key == project.encoder
    refit(project)
    assert Ranking.objects.get(project=project).model_name == "the quick model"


class TestAManagersChoice:
    def judged(self, version: ModelVersion) -> Judged:
        gone = GivesWay(version.pk, f"{version} gives way to the encoder as it came: so.")
        none = np.zeros((0, 2))
        return Judged(None, None, None, "Not promoted: so.", False, gone, none)  # type: ignore[arg-type]

    def test_what_gives_way_is_told_with_the_decision(self, project: Project) -> None:
        version = add_version(project, n_labels=12, n_audit=0, kind="full", promoted=True)
        told = _as_the_loop_is(self.judged(version), LoopState(project=project, serving=version))
        assert told.sentence == "Not promoted: so. Model 1 gives way to the encoder as it came: so."

    @pytest.mark.parametrize("choice", ["pinned", "returning", "another"])
    def test_stands_against_it(self, project: Project, choice: str) -> None:
        version, other = (add_version(project, n_labels=12, n_audit=0, kind="full") for _ in range(2))
        state = LoopState(project=project, serving=version)
        state.pinned = choice == "pinned"
        state.returning = other if choice == "returning" else None
        state.serving = other if choice == "another" else version
        judged = self.judged(version)
        assert _as_the_loop_is(judged, state) == replace(judged, gives_way=None)


class TestGoingBackByHand:
    def test_the_plain_encoder_serves_at_once_and_reads_what_came_since(
        self, project: Project, documents: list[Document], alice: User, client_of: ClientOf
    ) -> None:
        serve_tuned(project, spoilt=False)
        client, address = client_of(alice), reverse("results-model", args=[project.slug, 1])
        assert "Go back to the model as it came" in client.get(address).content.decode()
        page = client.post(reverse("model-retire", args=[project.slug, 1]), follow=True).content.decode()
        assert "The language model as it came reads the texts again." in page
        assert "Go back to the model as it came" not in page and "Let it serve again" in page
        state = LoopState.objects.get(project=project)
        assert state.serving is None and state.refresh_pending
        assert TrainingRun.objects.filter(project=project, kind=TrainingRun.Kind.EMBED).exists()

    def test_where_the_project_begins_from_another_by_now_the_one_it_came_from_orders_the_queue_meanwhile(
        self, project: Project, documents: list[Document]
    ) -> None:
        version, came_from = serve_tuned(project, spoilt=False), project.encoder
        Project.objects.update(encoder="another")
        versions.retire(version=ModelVersion.objects.get(pk=version.pk))
        assert reader_of(Project.objects.get()).key == came_from

    @pytest.mark.parametrize(
        ("state", "words"), [("pinned", "Model 1 is pinned"), ("other", "Model 1 does not read the texts now")]
    )
    def test_one_that_is_pinned_or_does_not_serve_is_left(
        self, project: Project, documents: list[Document], state: str, words: str
    ) -> None:
        version = serve_tuned(project, spoilt=False)
        changed = {"pinned": True} if state == "pinned" else {"serving": None}
        LoopState.objects.filter(project=project).update(**changed)
        with pytest.raises(versions.VersionRefused, match=words):
            versions.retire(version=version)
