"""Two encoders on the owner's list: compared on the labels, proposed with evidence, changed only by a manager."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from labeller.annotation.models import Annotation, QueueEntry, Ranking, Source
from labeller.learning import automatic, encoders, selectors, services, tasks
from labeller.learning.artifacts import embeddings_folder
from labeller.learning.bridges import check
from labeller.learning.bridges.pool import next_reader_of, reader_of
from labeller.learning.models import EncoderCheck, LoopState, ModelVersion, TrainingRun
from labeller.learning.panel import encoders_panel
from labeller.learning.triggers import is_check_due
from labeller.projects.models import Membership, Project, User
from tests.beside import Beside
from tests.learning.scene import annotate, embed, fill, full, refit

pytestmark = pytest.mark.django_db

RESULT: dict[str, Any] = {
    "texts": 60, "taught": 120, "measure": "accuracy", "current": "all-MiniLM-L6-v2", "proposed": "other", "failed": {},
    "scores": [
        {"encoder": "other", "score": 0.9, "right": 54, "only_this": 14, "only_current": 2, "p": 0.0012,
         "texts_per_second": 80.0},
        {"encoder": "all-MiniLM-L6-v2", "score": 0.7, "right": 42, "only_this": 0, "only_current": 0, "p": None,
         "texts_per_second": 400.0},
    ],
}  # fmt: skip


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BERT of random weights: an encoder that knows nothing, read in milliseconds."""
    import torch
    from transformers import AutoTokenizer, BertConfig, BertModel

    from modelsvc.encoding.encoder import BUNDLED, resolve

    folder = tmp_path_factory.mktemp("tiny")
    tokenizer = AutoTokenizer.from_pretrained(resolve(BUNDLED))
    torch.manual_seed(0)
    sizes = {"hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 16}
    BertModel(BertConfig(vocab_size=len(tokenizer), max_position_embeddings=64, **sizes)).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture
def two(project: Project, settings: Settings, tiny_encoder: Path) -> Project:
    """The project begins with the poor one of two encoders."""
    settings.ENCODERS = settings.ENCODERS | {"poor": str(tiny_encoder)}
    project.encoder = "poor"
    project.save(update_fields=["encoder"])
    return project


def label_all(project: Project, by: User, *, source: str = Source.AUDIT) -> None:
    for document in fill(project):
        annotate(document, by, source=source)


def checked(project: Project, **fields: Any) -> EncoderCheck:
    facts: dict[str, Any] = {"current": project.encoder, "proposed": "other", "n_labels": 120, "result": RESULT}
    return EncoderCheck.objects.create(project=project, **(facts | fields))


def page_of(project: Project, client: Any) -> str:
    return str(client.get(reverse("project", args=[project.slug])).content.decode())


@pytest.mark.parametrize(
    ("labels", "last", "encoders", "due"),
    [
        (49, 0, 2, False), (50, 0, 2, True), (50, 0, 1, False), (51, 50, 2, False), (199, 50, 2, False),
        (200, 50, 2, True), (5000, 0, 2, True), (5000, 5000, 2, False), (60, 30, 2, True), (201, 200, 9, False),
    ],
)  # fmt: skip
def test_encoders_are_compared_at_50_labels_and_at_200(labels, last, encoders, due):
    assert is_check_due(labels, labels_at_last=last, encoders=encoders) is due


def test_the_better_encoder_is_proposed_and_nothing_is_switched(two, alice):
    label_all(two, alice)
    run = services.start_check(project=two, requested_by=alice)
    tasks.check_encoders(run.pk)
    run.refresh_from_db()
    two.refresh_from_db()
    assert (run.state, run.reason, run.progress) == ("done", "", 1.0)
    assert two.encoder == "poor"
    check = EncoderCheck.objects.get(project=two)
    assert (check.current, check.proposed, check.n_labels, check.run) == ("poor", "all-MiniLM-L6-v2", 30, run)
    best, worst = check.result["scores"]
    assert (best["encoder"], worst["encoder"]) == ("all-MiniLM-L6-v2", "poor")
    assert best["p"] < 0.05
    assert best["texts_per_second"] > 0
    assert not embeddings_folder(two.pk, "all-MiniLM-L6-v2").exists()  # only the labelled texts are read, and not kept


@pytest.mark.parametrize("multi", [True, False])
def test_heads_read_words_as_the_one_that_serves_does(two, alice, monkeypatch, multi):
    Project.objects.update(kind="multi" if multi else "single")
    label_all(two, alice)
    choose, told = check.choose_encoder, []

    def chooses(*args: Any, words: Any, **options: Any) -> Any:
        told.append(words)
        return choose(*args, words=words, **options)

    monkeypatch.setattr(check, "choose_encoder", chooses)
    tasks.check_encoders(services.start_check(project=two).pk)
    assert EncoderCheck.objects.get(project=two).result["measure"] == ("macro-F1" if multi else "accuracy")
    assert [None if words is None else len(words) for words in told] == [30 if multi else None]


def test_a_task_that_comes_twice_compares_once(two, alice):
    label_all(two, alice)
    run = services.start_check(project=two)
    tasks.check_encoders(run.pk)
    tasks.check_encoders(run.pk)
    assert EncoderCheck.objects.count() == 1


def test_texts_that_a_model_chose_teach_and_do_not_count(two, alice):
    label_all(two, alice, source=Source.ACTIVE)
    chosen = Annotation.objects.filter(document__text__startswith="Any lawsuit")
    Annotation.objects.exclude(pk__in=chosen).filter(document_id__lte=chosen.get().document_id + 9).update(
        model_key="quick-poor-9"
    )
    by_model = Annotation.objects.exclude(model_key="").count()
    assert by_model > 5
    drawn = Annotation.objects.exclude(model_key="").first()
    Annotation.objects.filter(pk=drawn.pk).update(reason="Asked at random")
    tasks.check_encoders(services.start_check(project=two).pk)
    result = EncoderCheck.objects.get().result
    assert (result["texts"], result["taught"]) == (30 - by_model + 1, 30)


def test_an_encoder_that_cannot_be_read_is_named_and_the_others_compared(two, alice, settings, client_of):
    settings.ENCODERS = settings.ENCODERS | {"gone": "/srv/models/gone"}
    label_all(two, alice)
    tasks.check_encoders(services.start_check(project=two).pk)
    assert EncoderCheck.objects.get().result["failed"] == {"gone": "There is no encoder folder '/srv/models/gone'."}
    assert "gone could not be read: There is no encoder folder" in page_of(two, client_of(alice))


def test_nothing_to_compare_is_a_sentence_on_the_run(two, alice, settings, client_of):
    settings.ENCODERS = {"poor": settings.ENCODERS["poor"], "gone": "/srv/models/gone"}
    label_all(two, alice)
    run = services.start_check(project=two)
    tasks.check_encoders(run.pk)
    run.refresh_from_db()
    assert run.state == "failed"
    assert run.reason.startswith("No other language model could be read. There is no encoder folder '/srv/models/gone'")
    page = page_of(two, client_of(alice))
    assert "Comparing language models failed." in page
    assert reverse("encoder-compare", args=[two.slug]) in page


def test_a_project_whose_own_encoder_is_gone_says_so(two, alice, settings):
    settings.ENCODERS = settings.ENCODERS | {"poor": "/srv/models/gone"}
    label_all(two, alice)
    run = services.start_check(project=two)
    tasks.check_encoders(run.pk)
    run.refresh_from_db()
    assert run.reason == "There is no encoder folder '/srv/models/gone'."


def test_at_fifty_labels_it_starts_by_itself_once(two, alice):
    label_all(two, alice)
    LoopState.objects.create(project=two, refresh_labels=49)
    assert automatic.consider_check(two.pk) is None
    LoopState.objects.update(refresh_labels=50)
    run = automatic.consider_check(two.pk)
    assert run is not None
    TrainingRun.objects.update(labels_at_start=50)
    assert automatic.consider_check(two.pk) is None
    TrainingRun.objects.update(state="failed")
    assert automatic.consider_check(two.pk) is None  # what has failed is not tried again by itself
    LoopState.objects.update(refresh_labels=200)
    assert automatic.consider_check(two.pk) is not None


def test_with_one_encoder_nothing_starts_and_nothing_is_shown(project, alice, client_of):
    label_all(project, alice)
    LoopState.objects.create(project=project, refresh_labels=300)
    assert automatic.consider_check(project.pk) is None
    with pytest.raises(services.RunRefused, match="There is one language model"):
        services.start_check(project=project)
    assert encoders_panel(project, Membership.objects.get(project=project, user=alice)) is None
    client = client_of(alice)
    assert "language model" not in page_of(project, client)
    assert client.get(reverse("encoder-status", args=[project.slug])).status_code == 404


def test_a_comparison_needs_labels_of_two_kinds_and_is_not_started_twice(two, alice):
    with pytest.raises(services.RunRefused, match="Labels of two kinds"):
        services.start_check(project=two)
    label_all(two, alice, source=Source.SEARCH)
    services.start_check(project=two)
    with pytest.raises(services.RunRefused, match="being compared already"):
        services.start_check(project=two)


@pytest.fixture
def proposed(project: Project, settings: Settings, tiny_encoder: Path) -> EncoderCheck:
    settings.ENCODERS = settings.ENCODERS | {"other": str(tiny_encoder)}
    return checked(project)


def test_the_page_shows_figures_evidence_and_two_buttons_to_managers_only(proposed, project, alice, bob, client_of):
    page = page_of(project, client_of(alice))
    assert (
        "other suits your labels better: on 60 texts that no model chose, 54 right with other and 42 with "
        "all-MiniLM-L6-v2. 14 are right only with other, 2 only with all-MiniLM-L6-v2; so large a lead comes by "
        "chance in 0.1% of cases." in page
    )
    assert "Change to other" in page
    assert "Stay with all-MiniLM-L6-v2" in page
    assert "The language model" not in page_of(project, client_of(bob))


def test_no_better_encoder_is_said_without_buttons(project, proposed, alice, client_of):
    EncoderCheck.objects.update(proposed="")
    page = page_of(project, client_of(alice))
    assert "no language model is better than all-MiniLM-L6-v2 beyond chance" in page
    assert "encoder-take" not in page
    assert "Compare the language models now" in page


def test_several_labels_a_text_are_compared_by_macro_f1(project, proposed, alice, client_of):
    EncoderCheck.objects.update(result=RESULT | {"measure": "macro-F1"})
    page = page_of(project, client_of(alice))
    assert "a macro-F1 of 0.90 with other and 0.70 with all-MiniLM-L6-v2" in page
    assert '<th scope="col">Macro-F1</th>' in page


@pytest.mark.parametrize(
    ("name", "method"), [("encoder-status", "get"), ("encoder-compare", "post"), ("encoder-decide", "post")]
)
def test_only_managers_may(proposed, project, alice, bob, rita, mallory, client_of, client, name, method):
    url = reverse(name, args=[project.slug, proposed.key] if name == "encoder-decide" else [project.slug])
    assert "/login/" in getattr(client, method)(url)["Location"]
    assert getattr(client_of(mallory), method)(url).status_code == 404
    for member in (bob, rita):
        assert getattr(client_of(member), method)(url).status_code == 403
    assert getattr(client_of(alice), method)(url).status_code in (200, 302)
    wrong = "post" if method == "get" else "get"
    assert getattr(client_of(alice), wrong)(url).status_code == 405


def test_the_status_is_polled_only_while_something_goes_on(proposed, project, alice, client_of):
    url, client = reverse("encoder-status", args=[project.slug]), client_of(alice)
    quiet = client.get(url).content.decode()
    assert "<html" not in quiet
    assert "hx-trigger" not in quiet
    label_all(project, alice, source=Source.SEARCH)
    client.post(reverse("encoder-compare", args=[project.slug]))
    busy = client.get(url).content.decode()
    assert "every 3s" in busy
    assert "Comparing language models waits for a worker" in busy
    assert "Compare the language models now" not in busy


def test_staying_is_remembered_and_not_asked_again(proposed, project, alice, client_of):
    client = client_of(alice)
    url = reverse("encoder-decide", args=[project.slug, proposed.key])
    client.post(url, {"decision": "declined"})
    project.refresh_from_db()
    proposed.refresh_from_db()
    assert (project.encoder, proposed.decision, proposed.decided_by) == ("all-MiniLM-L6-v2", "declined", alice)
    page = page_of(project, client)
    assert "You stayed with all-MiniLM-L6-v2." in page
    assert "encoder-take" not in page
    client.post(url, {"decision": "taken"})
    project.refresh_from_db()
    assert project.encoder == "all-MiniLM-L6-v2"


def test_a_proposal_for_an_encoder_that_is_gone_or_changed_is_refused(proposed, project, alice, settings):
    project.encoder = "third"
    project.save()
    with pytest.raises(encoders.DecisionRefused, match="uses third by now"):
        encoders.take(check=proposed, by=alice)
    settings.ENCODERS = {"all-MiniLM-L6-v2": "bundled"}
    with pytest.raises(encoders.DecisionRefused, match="not in this server's list any more"):
        encoders.take(check=proposed, by=alice)


def test_changing_the_encoder_serves_the_old_order_until_the_new_one_has_read(proposed, project, alice, client_of):
    fill(project)
    embed(project)
    for document in project.documents.all()[:12]:
        annotate(document, alice, source=Source.SEARCH)
    refit(project)
    before = Ranking.objects.get(project=project)
    old = ModelVersion.objects.get(project=project)
    client_of(alice).post(reverse("encoder-decide", args=[project.slug, proposed.key]), {"decision": "taken"})
    project.refresh_from_db()
    run = TrainingRun.objects.get(project=project, kind="embed", state="queued")
    assert (project.encoder, project.loop.reading) == ("other", "all-MiniLM-L6-v2")
    assert "all-MiniLM-L6-v2 goes on ordering the queue" in page_of(project, client_of(alice))
    annotate(project.documents.all()[13], alice, source=Source.SEARCH)
    refit(project)  # meanwhile a label comes: the old encoder still ranks
    meanwhile = Ranking.objects.get(project=project)
    assert meanwhile.labels_seen == before.labels_seen + 1
    assert meanwhile.model_key.startswith("quick-all-MiniLM-L6-v2-")
    tasks.embed(run.pk)
    run.refresh_from_db()
    project.loop.refresh_from_db()
    assert (run.state, project.loop.reading) == ("done", "")
    refit(project)
    assert Ranking.objects.get(project=project).model_key.startswith("quick-other-")
    assert QueueEntry.objects.filter(project=project).exists()
    new = ModelVersion.objects.filter(project=project).last()
    assert new is not None
    assert (old.encoder, new.encoder) == ("all-MiniLM-L6-v2", "other")
    assert embeddings_folder(project.pk, "all-MiniLM-L6-v2").exists()  # to go back


def test_a_reading_that_was_stopped_can_go_on(proposed, project, alice, client_of):
    fill(project)
    encoders.take(check=proposed, by=alice)
    client = client_of(alice)
    assert "Go on reading" not in page_of(project, client)
    services.cancel(run=TrainingRun.objects.get(kind="embed"))
    page = page_of(project, client)
    assert "It has not read all texts yet; until it has, all-MiniLM-L6-v2 goes on ordering the queue." in page
    assert "every 3s" not in page.partition('id="encoder-status"')[2]
    client.post(reverse("embed-start", args=[project.slug]))
    assert "It reads the texts now" in page_of(project, client)


def test_a_reading_under_way_is_followed_by_one_with_the_new_encoder(proposed, project, alice):
    fill(project)
    run = services.start_embedding(project=project)
    assert run is not None
    encoders.take(check=proposed, by=alice)
    tasks.embed(run.pk)  # it finds the new encoder already
    assert not selectors.full_runs(project.pk)
    assert LoopState.objects.get(project=project).reading == ""


@pytest.mark.django_db(transaction=True)
def test_taking_one_while_a_refit_writes_waits_for_it_and_neither_gives_way(proposed, project, alice, monkeypatch):
    """A refit holds the loop, writes rows that name the project, and may start a run before it lets go."""
    monkeypatch.setattr("labeller.queueing.async_task", lambda *_, **__: None)
    LoopState.objects.create(project=project)
    with transaction.atomic():
        LoopState.objects.filter(project=project).update(refresh_labels=1)
        taking = Beside(lambda: encoders.take(check=proposed, by=alice)).until_it_waits()
        Ranking.objects.create(project=project, ranked_at=timezone.now())
        assert services.start_gauge(project=project, labels=1)
    assert taking.outcome().encoder == "other"
    assert Ranking.objects.exists() and LoopState.objects.get().reading == "all-MiniLM-L6-v2"


@pytest.mark.slow
def test_a_tuned_model_goes_on_serving_and_the_next_full_run_starts_from_the_new_encoder(two, alice):
    documents = fill(two)
    embed(two)
    for document in documents[:24]:
        annotate(document, alice, source=Source.SEARCH)
    version = full(two).versions.get()
    LoopState.objects.update_or_create(project=two, defaults={"serving": version})
    encoders.take(check=checked(two, current="poor", proposed="all-MiniLM-L6-v2"), by=alice)
    two.refresh_from_db()
    assert two.loop.serving == version
    assert (reader_of(two).base, reader_of(two).encoder, next_reader_of(two).base) == (version, "poor", version)
    queued = TrainingRun.objects.get(project=two, kind="full", state="queued")
    tasks.fine_tune(queued.pk)
    queued.refresh_from_db()
    assert queued.state == "done"
    assert (queued.versions.get().encoder, version.encoder) == ("all-MiniLM-L6-v2", "poor")
