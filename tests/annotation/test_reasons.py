"""Why a text was asked is stored in English and said in the page's language."""

from __future__ import annotations

import numpy as np
import pytest
from django.utils.translation import override

from labeller.annotation import queue
from labeller.annotation.reasons import in_words
from labeller.annotation.second_look import SecondLook
from labeller.projects.models import Label
from modelsvc.querying.strategies import STRATEGIES, Pool, rank

NAMES = ["Change", "Court and venue", "Other"]


def pool(multi_label: bool, labelled: int) -> Pool:
    rng = np.random.default_rng(7)
    X = rng.normal(size=(60, 8)).astype(np.float32)
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    proba = rng.dirichlet(np.ones(3), size=60).astype(np.float32)
    one, several = np.eye(3, dtype=np.uint8)[rng.integers(0, 3, labelled)], rng.integers(0, 2, (labelled, 3))
    Y = several.astype(np.uint8) if multi_label else one
    return Pool(X, proba, X[:labelled], Y, multi_label, NAMES, label_X=X[:3])


@pytest.mark.parametrize("multi_label", [False, True])
@pytest.mark.parametrize("strategy", sorted(STRATEGIES))
def test_every_reason_of_every_strategy_is_known(strategy, multi_label):
    reasons = {
        reason
        for labelled in (3, 30)
        for reason in rank(pool(multi_label, labelled), 40, strategy=strategy, seed=1).reasons
    }
    assert reasons
    for reason in reasons:
        assert in_words(reason) == reason
        with override("de"):
            assert in_words(reason) != reason, reason


def test_so_are_those_of_serving():
    split = SecondLook(label=Label(name="Court"), into=["Venue"])
    again = SecondLook(label=Label(name="Court"))
    known = [queue.AUDIT_REASON, queue.DRAWN_REASON, queue.NO_MODEL_REASON, queue.NO_WORKER_REASON, queue.SECOND_REASON]
    for reason in [*known, split.reason, again.reason]:
        with override("de"):
            assert in_words(reason) != reason, reason


def test_names_of_labels_stay_as_they_are():
    with override("de"):
        said = in_words("Asked because the model hesitates between Change and Court and venue")
    assert said == "Gefragt, weil das Modell zwischen Change und Court and venue schwankt"


def test_a_reason_of_an_older_version_is_shown_as_it_is_stored():
    with override("de"):
        assert in_words("Asked because of the moon") == "Asked because of the moon"
        assert in_words("") == ""
