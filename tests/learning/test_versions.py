"""What a manager does with stored models: pin one, let an earlier one serve again, delete one with its files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from labeller.learning import artifacts, deleting, exports, tasks, versions
from labeller.learning.bridges import embed as bridge_embed
from labeller.learning.bridges.names import unread_names, write_names
from labeller.learning.bridges.pool import reader_of
from labeller.learning.bridges.promotion import Judged
from labeller.learning.bridges.stages import _as_the_loop_is
from labeller.learning.models import LoopState, ModelVersion, TrainingRun
from labeller.projects.models import Project, User
from modelsvc.stores.store import EmbeddingStore
from tests.beside import Beside
from tests.insight.scored import add_version
from tests.learning.scene import fill

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
SIZE = 1000


def full(project: Project, *, serving: bool = False) -> ModelVersion:
    """A full version whose files are there: an encoder of SIZE bytes."""
    version = add_version(project, n_labels=40, n_audit=30, kind="full", promoted=True)
    encoder = artifacts.version_folder(project.pk, version.number) / "encoder"
    encoder.mkdir(parents=True)
    (encoder / "model.safetensors").write_bytes(b"0" * SIZE)
    if serving:
        LoopState.objects.update_or_create(project=project, defaults={"serving": version})
    return version


def quick(project: Project, base: ModelVersion | None) -> ModelVersion:
    version = add_version(project, n_labels=50, n_audit=30, base=base)
    folder = artifacts.version_folder(project.pk, version.number)
    folder.mkdir(parents=True)
    (folder / "head.safetensors").write_bytes(b"0" * SIZE)
    return version


def loop(project: Project) -> LoopState:
    return LoopState.objects.get(project=project)


class FakeEncoder:
    """Reads a text as its length."""

    sha256, width = "f" * 64, 2

    def encode(self, texts: list[str], **_: object) -> np.ndarray:
        return np.array([[len(text), 1] for text in texts], np.float32)


@pytest.fixture
def encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bridge_embed.Encoder, "load", lambda *_, **__: FakeEncoder())


class TestPin:
    def test_what_serves_is_pinned_and_unpinned(self, project: Project) -> None:
        version = full(project, serving=True)
        versions.pin(version=version)
        assert loop(project).pinned
        versions.unpin(project_id=project.pk)
        assert not loop(project).pinned

    def test_another_model_is_not_pinned(self, project: Project) -> None:
        other = full(project)
        full(project, serving=True)
        with pytest.raises(versions.VersionRefused, match="Let it serve first"):
            versions.pin(version=other)

    def test_a_better_run_does_not_take_over_and_says_what_it_would_have_been(self, project: Project) -> None:
        version = full(project, serving=True)
        versions.pin(version=version)
        judged = Judged(None, None, None, "Promoted: 12 of 12 audit texts right, 6 before.", True, None, None)  # type: ignore[arg-type]
        kept = _as_the_loop_is(judged, loop(project))
        assert not kept.promoted
        assert kept.sentence == ("Not promoted: Model 1 is pinned. It would be: 12 of 12 audit texts right, 6 before.")
        versions.unpin(project_id=project.pk)
        assert _as_the_loop_is(judged, loop(project)) == judged

    def test_a_pinned_model_is_not_rolled_back_by_accident(self, project: Project) -> None:
        earlier, pinned = full(project), full(project, serving=True)
        versions.pin(version=pinned)
        with pytest.raises(versions.VersionRefused, match="Model 2 is pinned"):
            versions.serve_again(version=earlier)


class TestLetAnEarlierOneServeAgain:
    def test_one_whose_files_were_deleted_a_moment_ago_is_refused(self, project: Project) -> None:
        full(project, serving=True)
        earlier = full(project)
        ModelVersion.objects.filter(pk=earlier.pk).update(deleted_at=timezone.now())  # by another process
        with pytest.raises(versions.VersionRefused, match="whose files are there"):
            versions.serve_again(version=earlier)
        assert loop(project).returning is None

    def test_it_serves_once_it_has_read_what_it_has_not(self, project: Project, encoder: None) -> None:
        documents = fill(project)
        earlier, present = full(project), full(project, serving=True)
        versions.serve_again(version=earlier)
        assert (loop(project).serving, loop(project).returning) == (present, earlier)
        assert reader_of(project).base == present  # the queue goes on meanwhile
        tasks.embed(TrainingRun.objects.get(kind="embed").pk)
        assert (loop(project).serving, loop(project).returning) == (earlier, None)
        store = EmbeddingStore(artifacts.embeddings_folder(project.pk, str(earlier.number)))
        assert store.count == len(documents) and loop(project).refresh_pending

    def test_with_its_embeddings_still_there_nothing_is_read(
        self, project: Project, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        documents = fill(project)
        earlier = full(project)
        full(project, serving=True)
        store = EmbeddingStore(artifacts.embeddings_folder(project.pk, str(earlier.number)), sha256="f" * 64)
        store.append(np.array([one.pk for one in documents]), np.ones((len(documents), 2), np.float32))
        write_names(store.folder, unread_names(project, store.folder), np.ones((3, 2), np.float32))
        monkeypatch.setattr(bridge_embed.Encoder, "load", lambda *_, **__: pytest.fail("no encoder is needed"))
        versions.serve_again(version=earlier)
        tasks.embed(TrainingRun.objects.get(kind="embed").pk)
        assert loop(project).serving == earlier

    def test_asked_while_the_pool_is_being_read_it_comes_after(self, project: Project, encoder: None) -> None:
        fill(project)
        earlier = full(project)
        full(project, serving=True)
        reading = TrainingRun.objects.create(project=project, kind="embed")
        versions.serve_again(version=earlier)
        assert TrainingRun.objects.get() == reading
        tasks.embed(reading.pk)  # reads what is wanted by the time it begins
        assert loop(project).serving == earlier

    def test_it_can_be_taken_back_until_then(self, project: Project, encoder: None) -> None:
        fill(project)
        earlier, present = full(project), full(project, serving=True)
        versions.serve_again(version=earlier)
        versions.stay(project_id=project.pk)
        tasks.embed(TrainingRun.objects.get(kind="embed").pk)
        assert (loop(project).serving, loop(project).returning) == (present, None)

    def test_what_cannot_serve_is_refused_in_words(self, project: Project) -> None:
        present, gone = full(project, serving=True), full(project)
        deleting.delete(version=gone)
        for version, words in ((present, "reads the texts already"), (quick(project, present), "Only a full")):
            with pytest.raises(versions.VersionRefused, match=words):
                versions.serve_again(version=version)
        with pytest.raises(versions.VersionRefused, match="whose files are there"):
            versions.serve_again(version=ModelVersion.objects.get(pk=gone.pk))

    def test_what_serves_is_never_on_its_way_back(self, project: Project) -> None:
        version = full(project, serving=True)
        with pytest.raises(IntegrityError, match="what_serves_is_not_on_its_way_back"):
            LoopState.objects.update(returning=version)


@pytest.mark.django_db(transaction=True)
class TestDelete:
    def test_its_files_go_and_its_figures_stay(self, project: Project) -> None:
        version = full(project)
        present = full(project, serving=True)
        embeddings = artifacts.embeddings_folder(project.pk, str(version.number))
        EmbeddingStore(embeddings, sha256="f" * 64)
        export = version.exports.create(state="done", path=f"{project.pk}/exports/one.zip")
        zip_path = artifacts.absolute(export.path)
        zip_path.parent.mkdir(parents=True)
        zip_path.write_bytes(b"0" * SIZE)
        found = deleting.deletion(version)
        assert found.size >= 2 * SIZE and not found.why_not
        deleting.delete(version=version)
        assert not artifacts.version_folder(project.pk, version.number).exists()
        assert not embeddings.exists() and not zip_path.exists() and not version.exports.exists()
        assert artifacts.version_folder(project.pk, present.number).exists()
        version.refresh_from_db()
        assert version.deleted_at and version.metrics["n"] == 30

    def test_quick_models_that_read_through_it_go_with_it(self, project: Project) -> None:
        old = full(project)
        through, other = quick(project, old), quick(project, None)
        full(project, serving=True)
        assert deleting.deletion(old).dependants == [through]
        deleting.delete(version=old)
        assert set(ModelVersion.objects.exclude(deleted_at=None)) == {old, through}
        assert artifacts.version_folder(project.pk, other.number).exists()

    def test_what_is_in_use_stays(self, project: Project) -> None:
        earlier, serving = full(project), full(project, serving=True)
        older_quick, newest_quick = quick(project, serving), quick(project, serving)
        assert "reads the texts now" in deleting.deletion(serving).why_not
        assert "orders the queue now" in deleting.deletion(newest_quick).why_not
        assert not deleting.deletion(older_quick).why_not
        versions.serve_again(version=earlier)
        assert "about to serve again" in deleting.deletion(earlier).why_not
        with pytest.raises(versions.VersionRefused, match="reads the texts now"):
            deleting.delete(version=serving)
        assert artifacts.version_folder(project.pk, serving.number).exists()

    def test_what_somebody_works_with_stays(self, project: Project) -> None:
        made, packed = full(project), full(project)
        full(project, serving=True)
        made.run = TrainingRun.objects.create(project=project, kind="full", state="running")
        made.save()
        exports.request(version=packed)
        assert "still under way" in deleting.deletion(made).why_not
        assert "is being built" in deleting.deletion(packed).why_not

    @pytest.mark.django_db(transaction=True)
    def test_a_zip_asked_for_while_it_goes_is_refused_and_leaves_nothing(self, project: Project) -> None:
        version = full(project)
        full(project, serving=True)
        with transaction.atomic():
            deleting.delete(version=version)
            asking = Beside(lambda: exports.request(version=version)).until_it_waits()
        with pytest.raises(versions.VersionRefused, match="there is nothing to take away"):
            asking.outcome()
        assert not version.exports.exists()

    def test_twice_is_refused_and_files_left_by_a_killed_process_are_swept(self, project: Project) -> None:
        version = full(project)
        full(project, serving=True)
        deleting.delete(version=version)
        version.refresh_from_db()
        with pytest.raises(versions.VersionRefused, match="deleted already"):
            deleting.delete(version=version)
        left = artifacts.version_folder(project.pk, version.number)
        left.mkdir(parents=True)
        assert deleting.sweep_deleted() == 1 and not left.exists() and deleting.sweep_deleted() == 0

    def test_a_row_without_a_folder_takes_nothing_else_along(self, project: Project, settings: object) -> None:
        kept = full(project, serving=True)
        bare = add_version(project, n_labels=9, n_audit=0)
        ModelVersion.objects.filter(pk=bare.pk).update(folder="", base=None)
        deleting.delete(version=bare)
        assert Path(artifacts.version_folder(project.pk, kept.number)).exists()


class TestOnThePages:
    ACTS = ("model-pin", "model-unpin", "model-serve", "model-stay", "model-retire", "model-delete")

    @pytest.mark.parametrize("act", ACTS)
    def test_only_a_manager_may(
        self, act: str, project: Project, client_of: ClientOf, bob: User, rita: User, mallory: User
    ) -> None:
        full(project, serving=True)
        address = reverse(act, args=[project.slug, 1])
        assert client_of(bob).post(address).status_code == 403
        assert client_of(rita).post(address).status_code == 403
        assert client_of(mallory).post(address).status_code == 404
        assert client_of(rita).get(address).status_code == (403 if act == "model-delete" else 405)
        assert not loop(project).pinned

    def test_an_act_answers_on_the_model_s_page(self, project: Project, client_of: ClientOf, alice: User) -> None:
        full(project, serving=True)
        client = client_of(alice)
        page = client.post(reverse("model-pin", args=[project.slug, 1]), follow=True).content.decode()
        assert "Model 1 is pinned: it goes on serving" in page and ">Unpin</button>" in page
        assert "It is pinned: later runs are trained and measured, and none takes over" in page
        page = client.post(reverse("model-unpin", args=[project.slug, 1]), follow=True).content.decode()
        assert ">Pin</button>" in page

    def test_deleting_asks_first_and_says_what_goes(self, project: Project, client_of: ClientOf, alice: User) -> None:
        old = full(project)
        quick(project, old)
        full(project, serving=True)
        client, address = client_of(alice), reverse("model-delete", args=[project.slug, 1])
        page = client.get(address).content.decode()
        assert "Delete the files of model 1?" in page and "This frees 2.0" in page
        assert "Model 2 reads texts through it and goes with it." in page
        assert not ModelVersion.objects.exclude(deleted_at=None).exists()
        page = client.post(address, follow=True).content.decode()
        assert "The files of model 1 are deleted" in page and "Its figures and its point of the curve stay." in page
        take = client.post(reverse("model-export", args=[project.slug, 1]), follow=True).content.decode()
        assert "there is nothing to take away" in take

    def test_what_may_not_be_deleted_is_told_at_once(self, project: Project, client_of: ClientOf, alice: User) -> None:
        full(project, serving=True)
        answer = client_of(alice).get(reverse("model-delete", args=[project.slug, 1]), follow=True)
        assert "Model 1 cannot be deleted. It reads the texts now." in answer.content.decode()

    def test_the_way_back_is_told_with_its_progress(self, project: Project, client_of: ClientOf, alice: User) -> None:
        full(project)
        full(project, serving=True)
        client = client_of(alice)
        page = client.post(reverse("model-serve", args=[project.slug, 1]), follow=True).content.decode()
        assert "Model 1 is to read the texts again." in page and "No worker is running for it" in page
        TrainingRun.objects.filter(kind="embed").update(state="failed", reason="The encoder is gone.")
        page = client.get(reverse("results-models", args=[project.slug])).content.decode()
        assert "Model 1 is to read the texts again." in page
        page = client.post(reverse("model-stay", args=[project.slug, 1]), follow=True).content.decode()
        assert "The present model goes on serving." in page and "is to read the texts again" not in page
