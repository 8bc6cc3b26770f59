"""Who sees the model's suggestion, what an answer remembers of it, and the words behind it."""

import uuid

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from labeller.annotation import asking_words
from labeller.annotation.asking_words import LOST_AFTER, WordsRefused, ask_words, pieces
from labeller.annotation.models import Annotation, Lease, QueueEntry
from labeller.annotation.moved_words import MovedWords
from labeller.annotation.page import text_of
from labeller.annotation.services import serve
from labeller.annotation.signals import words_asked
from labeller.annotation.suggestions import guess, is_shown
from labeller.projects.models import Project
from tests.annotation.acts import free_and_reserved, give, one, rank
from tests.cast import add_texts

pytestmark = pytest.mark.django_db


def with_policy(project, policy):
    project.suggestions = policy
    project.save()


@pytest.fixture
def asked():
    """Ids of the rows that learning is told to explain."""
    told = []

    def note(words_id, **_):
        told.append(words_id)

    receivers, words_asked.receivers = words_asked.receivers, []
    words_asked.connect(note, weak=False)
    yield told
    words_asked.receivers = receivers


class TestPolicy:
    def test_shown_means_with_every_text_that_a_model_chose(self, project, bob, ranked):
        with_policy(project, "shown")
        assert all(
            text.suggestion_shown and text_of(project, text)["suggested"]
            for text in serve(project=project, annotator=bob)
        )

    def test_hidden_means_with_none(self, project, bob, ranked):
        with_policy(project, "hidden")
        texts = serve(project=project, annotator=bob)
        assert [text.suggestion_shown for text in texts] == [False] * len(texts)
        assert not any(text_of(project, text)["suggested"] for text in texts)

    def test_half_means_a_fair_coin_for_each_text(self, project):
        keys = [uuid.UUID(int=number << 64 | number) for number in range(2000)]
        project.suggestions = Project.Suggestions.HALF
        shown = sum(bool(is_shown(project, "active", {"1": 0.9}, key)) for key in keys)
        assert shown == 1000
        drawn = sum(bool(is_shown(project, "active", {"1": 0.9}, uuid.uuid4())) for _ in range(2000))
        assert 850 < drawn < 1150  # six standard deviations

    def test_the_coin_is_tossed_once_a_reload_shows_the_same(self, project, bob, ranked):
        with_policy(project, "half")
        first = {text.key: text.suggestion_shown for text in serve(project=project, annotator=bob)}
        assert {text.key: text.suggestion_shown for text in serve(project=project, annotator=bob)} == first

    @pytest.mark.parametrize("source", ["audit", "gold"])
    @pytest.mark.parametrize("policy", ["shown", "half"])
    def test_texts_that_measure_are_never_shown_one(self, project, source, policy):
        project.suggestions = policy
        assert is_shown(project, source, {"1": 0.9}, uuid.UUID(int=1)) is False

    def test_without_a_prediction_there_is_nothing_to_show(self, project):
        assert is_shown(project, "active", None, uuid.uuid4()) is None

    @pytest.mark.parametrize("key", [uuid.UUID(int=0), uuid.UUID(int=1)], ids=["the coin hides", "the coin shows"])
    def test_nor_where_of_several_labels_none_reaches_one_half(self, project, key):
        project.kind, project.suggestions = Project.Kind.MULTI, Project.Suggestions.HALF
        assert is_shown(project, "active", {"1": 0.3, "2": 0.49}, key) is None
        assert is_shown(project, "active", {"1": 0.3, "2": 0.5}, key) is bool(key.int & 1)

    def test_a_guess_is_the_likeliest_label_or_all_from_one_half_on(self):
        prediction = {"1": 0.55, "2": 0.6, "3": 0.1}
        assert guess(prediction, multi_label=False) == {"2": 0.6}
        assert guess(prediction, multi_label=True) == {"1": 0.55, "2": 0.6}
        assert guess(None, multi_label=True) == {}


class TestWhatAnAnswerRemembers:
    @pytest.mark.parametrize(("policy", "shown"), [("shown", True), ("hidden", False)])
    def test_whether_the_suggestion_was_seen_and_followed(self, project, bob, labels, ranked, policy, shown):
        with_policy(project, policy)
        followed = give(project, bob, one(project, bob), labels[0])
        other = give(project, bob, one(project, bob), labels[1])
        assert (followed.suggestion_shown, followed.suggestion_followed) == (shown, True)
        assert (other.suggestion_shown, other.suggestion_followed) == (shown, False)

    def test_a_skipped_text_follows_nothing(self, project, bob, ranked):
        assert give(project, bob, one(project, bob), status="skipped").suggestion_followed is None

    def test_without_a_model_nothing_was_suggested(self, project, bob, labels):
        add_texts(project, ["A text."])
        answer = give(project, bob, one(project, bob), labels[0])
        assert (answer.suggestion_shown, answer.suggestion_followed) == (None, None)


class TestAskingForWords:
    def test_asking_twice_asks_learning_once(self, project, bob, ranked, asked, django_capture_on_commit_callbacks):
        text = one(project, bob)
        with django_capture_on_commit_callbacks(execute=True):
            first = ask_words(project=project, annotator=bob, lease_key=text.key)
            again = ask_words(project=project, annotator=bob, lease_key=text.key)
        assert first.pk == again.pk and asked == [first.pk]
        assert first.model_key == "quick:1" and first.state == "waiting"

    @pytest.fixture
    def several(self, project, labels, ranked):
        """Two of three labels are suggested, the second the likelier."""
        project.kind = Project.Kind.MULTI
        project.save()
        QueueEntry.objects.update(prediction={str(labels[0].pk): 0.6, str(labels[1].pk): 0.9, str(labels[2].pk): 0.1})

    def test_any_of_several_suggested_labels_can_be_asked_for_the_likeliest_comes_unasked(
        self, project, bob, labels, several, asked
    ):
        key = one(project, bob).key
        assert ask_words(project=project, annotator=bob, lease_key=key).label_id == labels[1].pk
        for label in labels[:2]:
            assert ask_words(project=project, annotator=bob, lease_key=key, label_id=label.pk).label_id == label.pk

    def test_a_label_that_is_not_suggested_has_no_words(self, project, bob, labels, several, asked):
        with pytest.raises(WordsRefused, match="not suggested for this text"):
            ask_words(project=project, annotator=bob, lease_key=one(project, bob).key, label_id=labels[2].pk)
        assert asked == []

    @pytest.mark.django_db(transaction=True)
    def test_of_a_label_that_is_deleted_at_this_moment_it_is_said_that_it_is_gone(
        self, project, bob, labels, ranked, monkeypatch
    ):
        gone = []

        def somebody_deletes_it(words_id):
            gone.append(MovedWords.objects.values_list("label", flat=True).get(pk=words_id))
            with connection.cursor() as cursor:  # seen at the commit, as a deletion beside this one would be
                cursor.execute("DELETE FROM projects_label WHERE id = %s", gone)

        monkeypatch.setattr(asking_words, "tell_words_asked", somebody_deletes_it)
        with pytest.raises(WordsRefused, match="not in this project any more"):
            ask_words(project=project, annotator=bob, lease_key=one(project, bob).key)
        assert gone and not MovedWords.objects.exists()

    def test_a_lost_request_is_asked_again(self, project, bob, ranked, asked, django_capture_on_commit_callbacks):
        text = one(project, bob)
        with django_capture_on_commit_callbacks(execute=True):
            row = ask_words(project=project, annotator=bob, lease_key=text.key)
            MovedWords.objects.update(asked_at=timezone.now() - 2 * LOST_AFTER)
            ask_words(project=project, annotator=bob, lease_key=text.key)
        assert asked == [row.pk, row.pk]

    def test_a_failed_one_too(self, project, bob, ranked, asked, django_capture_on_commit_callbacks):
        text = one(project, bob)
        with django_capture_on_commit_callbacks(execute=True):
            ask_words(project=project, annotator=bob, lease_key=text.key)
            MovedWords.objects.update(state="failed", reason="No model.")
            row = ask_words(project=project, annotator=bob, lease_key=text.key, again=True)
        assert row.state == "waiting" and row.reason == "" and len(asked) == 2

    def test_somebody_elses_text_is_refused(self, project, alice, bob, ranked):
        text = one(project, bob)
        with pytest.raises(WordsRefused, match="not handed to you"):
            ask_words(project=project, annotator=alice, lease_key=text.key)

    def test_a_hidden_suggestion_stays_hidden(self, project, bob, ranked):
        with_policy(project, "hidden")
        with pytest.raises(WordsRefused, match="No suggestion is shown"):
            ask_words(project=project, annotator=bob, lease_key=one(project, bob).key)

    def test_an_audit_text_has_none(self, project, bob, labels):
        documents = add_texts(project, [f"Text {number}." for number in range(30)])
        _, reserved = free_and_reserved(documents)
        rank(project, reserved[:1], stream="audit", prediction={str(labels[0].pk): 0.9})
        lease = next(
            text for text in serve(project=project, annotator=bob, count=20) if text.document_id == reserved[0].pk
        )
        with pytest.raises(WordsRefused, match="No suggestion is shown"):
            ask_words(project=project, annotator=bob, lease_key=lease.key)

    def test_the_database_keeps_one_answer_for_a_text_a_label_and_a_model(self, ranked, labels):
        facts = {"document": ranked[0], "label": labels[0], "model_key": "quick:1", "asked_at": timezone.now()}
        MovedWords.objects.create(**facts)
        with pytest.raises(IntegrityError), transaction.atomic():
            MovedWords.objects.create(**facts)


class TestThePageAsks:
    def ask(self, client, project, lease, **more):
        return client.post(reverse("label-words", args=[project.slug]), {"lease": str(lease)} | more)

    def test_it_waits_and_then_gets_the_text_in_marked_pieces(self, project, bob, client_of, ranked):
        text = one(project, bob)
        assert self.ask(client_of(bob), project, text.key).json()["state"] == "waiting"
        MovedWords.objects.update(state="ready", spans=[[3, 6, 0.5], [7, 13, 2.0]])
        told = self.ask(client_of(bob), project, text.key).json()
        assert "".join(piece for piece, _ in told["pieces"]) == text.text
        assert [(piece, strength) for piece, strength in told["pieces"] if strength] == [("may", 1), ("change", 3)]

    def test_why_it_failed_is_told(self, project, bob, client_of, ranked):
        text = one(project, bob)
        self.ask(client_of(bob), project, text.key)
        MovedWords.objects.update(state="failed", reason="No model.")
        waits = self.ask(client_of(bob), project, text.key).json()
        assert (waits["state"], waits["reason"]) == ("failed", "No model.")
        assert self.ask(client_of(bob), project, text.key, again=1).json()["state"] == "waiting"

    @pytest.mark.parametrize("lease", ["", "nonsense", "8c1f6a52-6d0e-4b3a-9d55-2f6f3c0f7a11"])
    def test_a_key_that_is_none_is_refused_with_a_sentence(self, project, bob, client_of, ranked, lease):
        reply = self.ask(client_of(bob), project, lease)
        assert reply.status_code == 422 and reply.json()["error"].endswith(".")

    def test_strangers_and_readers_may_not(self, project, rita, mallory, client_of):
        assert self.ask(client_of(rita), project, uuid.uuid4()).status_code == 403
        assert self.ask(client_of(mallory), project, uuid.uuid4()).status_code == 404


class TestPieces:
    @pytest.mark.parametrize(
        ("spans", "expected"),
        [
            ([], [("abc def", 0)]),
            ([[0, 3, 1.0]], [("abc", 3), (" def", 0)]),
            ([[4, 7, 1.0]], [("abc ", 0), ("def", 3)]),
            ([[0, 3, 0.1], [4, 7, 0.9]], [("abc", 1), (" ", 0), ("def", 3)]),
        ],
    )
    def test_they_are_the_whole_text_in_order(self, spans, expected):
        assert [(piece.text, piece.strength) for piece in pieces("abc def", spans)] == expected


def test_leases_and_answers_from_before_know_nothing_of_suggestions(project, bob):
    assert Lease._meta.get_field("suggestion_shown").null and Annotation._meta.get_field("suggestion_shown").null
