"""What is kept of a model on the test file: answers from which its figures follow, until the file goes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from django.core.management import CommandError
from django.db import IntegrityError, transaction
from django.db.models.signals import pre_delete
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from labeller.corpus import services, testset
from labeller.learning import artifacts, testscores
from labeller.learning.bridges.testscore import TestTexts as MaterialOfASet
from labeller.learning.bridges.testscore import answer, keep
from labeller.learning.bridges.testscore import test_figures as figures_of_answers
from labeller.learning.models import ModelVersion, TrainingRun
from labeller.projects.models import Project, User
from modelsvc.types import Head
from tests.beside import beside_signal
from tests.learning.exam.acts import EXAM, exam, measured, merged
from tests.learning.scene import checked

ClientOf = Callable[[User], Client]


class TestFiguresFollowFromTheFacts:
    def test_made_again_from_the_kept_answers_they_are_equal_to_the_last_digit(self, begun: Project) -> None:
        exam(begun)
        measured(begun)
        assert checked(begun) == {"project": begun.slug, "checked": 3, "equal": True, "different": {}}

    def test_also_those_of_a_model_from_before_a_merge(self, begun: Project) -> None:
        merged(begun, "Change", "Court")
        exam(begun, [(text, "Court" if name == "Change" else name) for text, name in EXAM])
        measured(begun)
        assert checked(begun)["different"] == {}

    def test_an_answer_that_was_changed_is_found(self, started: Project) -> None:
        exam(started)
        measured(started)
        kept = testscores.TestAnswers.objects.get()
        kept.said = [[(columns[0] + 1) % 3] for columns in kept.said]
        kept.save(update_fields=["said"])
        with pytest.raises(CommandError, match="1 of 3 results differ"):
            checked(started)

    def test_the_database_keeps_one_score_a_version_and_set(self, started: Project) -> None:
        exam(started)
        measured(started)
        score = testscores.TestScore.objects.get()
        with pytest.raises(IntegrityError), transaction.atomic():
            testscores.TestScore.objects.create(
                version=score.version, test_set=score.test_set, n_texts=9, label_ids=[], metrics={}
            )

    @settings(deadline=None, max_examples=40)
    @given(
        said=st.lists(st.integers(0, 2), min_size=1, max_size=40),
        unknown=st.integers(0, 3),
        seed=st.integers(0, 9),
    )
    def test_labels_that_nobody_met_and_the_model_did_not_know_change_nothing(
        self, said: list[int], unknown: int, seed: int
    ) -> None:
        gold = [[at % 3] for at in range(len(said))]
        proba = [[0.6 if column == one else 0.2 for column in range(3)] for one in said]
        answers = [[one] for one in said]
        plain = figures_of_answers(3, gold, answers, proba, multi_label=False, seed=seed)
        wider = figures_of_answers(3 + unknown, gold, answers, proba, multi_label=False, seed=seed)
        assert {name: plain[name] for name in plain if name != "per_label"} == {
            name: wider[name] for name in wider if name != "per_label"
        }
        assert wider["per_label"][:3] == plain["per_label"]


class TestReplacingAndDeleting:
    def test_a_new_file_takes_the_place_of_the_old_and_is_measured_anew(self, started: Project) -> None:
        old = exam(started)
        measured(started)
        exam(started, EXAM[:6], "second.csv")
        assert not testscores.TestScore.objects.exists()
        assert not artifacts.test_embeddings_folder(started.pk, old.pk, started.encoder).exists()
        measured(started)
        assert testscores.TestScore.objects.get().n_texts == 6

    def test_a_manager_is_told_what_goes_and_it_goes(self, started: Project, alice: User, client_of: ClientOf) -> None:
        found = exam(started)
        measured(started)
        client, url = client_of(alice), reverse("test-delete", args=[started.slug])
        page = client.get(url).content.decode()
        assert "Delete the test file exam.csv?" in page
        assert "Its texts (9) and the figures of 1 model on them go, and this cannot be taken back." in page
        assert testset.TestSet.objects.exists()
        client.post(url)
        assert not testset.TestText.objects.exists() and not testscores.TestAnswers.objects.exists()
        read_of_it = artifacts.test_embeddings_folder(started.pk, found.pk, started.encoder)
        assert not read_of_it.exists()
        assert client.get(url).status_code == 404
        assert ModelVersion.objects.exists()

    def test_measuring_and_deleting_are_for_managers(
        self, started: Project, alice: User, bob: User, rita: User, mallory: User, client_of: ClientOf
    ) -> None:
        exam(started)
        for name in ("test-measure", "test-delete"):
            url = reverse(name, args=[started.slug])
            assert [client_of(who).post(url).status_code for who in (mallory, rita, bob)] == [404, 403, 403]
        assert client_of(alice).get(reverse("test-measure", args=[started.slug])).status_code == 405
        TrainingRun.objects.all().delete()
        client_of(alice).post(reverse("test-measure", args=[started.slug]))
        assert TrainingRun.objects.get(kind=TrainingRun.Kind.TEST).requested_by == alice

    def test_answers_to_a_set_that_was_replaced_meanwhile_are_not_kept(self, started: Project) -> None:
        found = exam(started)
        version, texts = ModelVersion.objects.get(), MaterialOfASet.of(found)
        answered = answer(blind_head(), version.label_ids, texts, np.ones((9, 2), np.float32), seed=7)
        exam(started, EXAM[:6], "second.csv")
        with transaction.atomic():
            assert keep(version, answered) is None
        assert not testscores.TestScore.objects.exists()

    @pytest.mark.parametrize("how", ["deleted", "replaced"])
    def test_a_score_that_comes_while_its_set_goes_is_not_kept_and_in_nobody_s_way(
        self, started: Project, how: str
    ) -> None:
        found = exam(started)
        version, texts = ModelVersion.objects.get(), MaterialOfASet.of(found)
        answered = answer(blind_head(), version.label_ids, texts, np.ones((9, 2), np.float32), seed=7)

        def score() -> object:
            with transaction.atomic():
                return keep(version, answered)

        # By then what hangs on the set has been read.
        with beside_signal(pre_delete, testset.TestSet, score) as scorers:
            if how == "deleted":
                services.delete_test_set(test_set=found)
            else:
                exam(started, EXAM[:6], "second.csv")
        assert [one.outcome() for one in scorers] == [None]
        assert not testscores.TestScore.objects.exists()
        assert not testset.TestSet.objects.filter(pk=found.pk).exists()


def blind_head() -> Head:
    """Of two numbers a text, which say nothing: always the first label."""
    return Head(np.zeros((2, 3), np.float32), np.zeros(3, np.float32), False, 1.0, np.empty(0, np.float32))
