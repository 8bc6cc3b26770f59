from __future__ import annotations

import json

import numpy as np
import pytest

from modelsvc.evaluation.encoder_choice import EncoderChoiceError, choose_encoder
from modelsvc.heads.prototypes import Prototypes
from modelsvc.stores.words import Words, learn_vocabulary

N, D = 120, 8


def unit(X):
    return (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32)


def world(*, multi: bool = False, seed: int = 0):
    """Y (N, 3), and embeddings that tell it well, so-so, and not at all."""
    rng = np.random.default_rng(seed)
    Y = (rng.random((N, 3)) < 0.3).astype(np.uint8) if multi else np.eye(3, dtype=np.uint8)[rng.integers(0, 3, N)]
    shown, noise = np.hstack([Y, np.zeros((N, D - 3))]) - 0.2, rng.normal(size=(N, D))
    return Y, {"good": unit(shown + 0.2 * noise), "fair": unit(shown + 0.45 * noise), "blind": unit(noise)}


def choose(encoders, Y, current, *, multi=False, scored=None):
    scored = np.ones(len(Y), bool) if scored is None else scored
    return choose_encoder(encoders, Y, current=current, scored=scored, multi_label=multi, seed=0)


def test_what_labels_are_called_teaches_each_encoder_s_head_as_it_teaches_the_one_that_serves():
    """Two encoders alike to the last bit, of which one reads the names as what they mean."""
    Y, encoders = world()
    few, twins = Y[:12], {"one": encoders["fair"][:12], "other": encoders["fair"][:12]}
    told = Prototypes(unit(np.eye(3, D) - 0.2), np.arange(3))

    def right(names):
        found = choose_encoder(
            twins, few, current="one", scored=np.ones(12, bool), multi_label=False, seed=0, names=names
        )
        return {score.encoder: score.right for score in found.scores}

    assert len(set(right(None).values())) == 1
    assert right({"one": None, "other": told})["other"] > right(None)["other"] == right({"other": told})["one"]


def test_where_heads_read_words_encoders_are_compared_beside_them():
    """What only the embedding tells counts; what the words say as well makes no encoder better than another."""
    Y, encoders = world(multi=True)
    said = ["court", "fee", "change"]
    told = [" ".join(["the", *(word for word, given in zip(said, row, strict=True) if given)]) for row in Y]
    vocabulary = learn_vocabulary(told)

    def scores(texts):
        words = None if texts is None else Words.of(vocabulary, texts)
        every = np.ones(N, bool)
        found = choose_encoder(encoders, Y, current="blind", scored=every, multi_label=True, seed=0, words=words)
        return {score.encoder: score.score for score in found.scores}

    alone, beside = scores(None), scores(told)
    assert beside["blind"] > alone["blind"] + 0.3
    assert beside["good"] - beside["blind"] < alone["good"] - alone["blind"] - 0.3
    assert scores(["the"] * N)["good"] > 0.8


@pytest.mark.parametrize("multi", [False, True])
def test_a_better_encoder_is_proposed_with_its_evidence(multi):
    Y, encoders = world(multi=multi)
    found = choose(encoders, Y, "blind", multi=multi)
    assert found.proposed == "good"
    assert [score.encoder for score in found.scores] == ["good", "fair", "blind"]
    best, last = found.scores[0], found.scores[-1]
    assert last.p is None
    assert best.p is not None
    assert best.p < 0.001
    assert best.right - last.right == best.only_this - best.only_current > 0
    assert (found.texts, found.taught, found.measure) == (N, N, "macro-F1" if multi else "accuracy")
    assert json.loads(json.dumps(found.to_dict()))["proposed"] == "good"


@pytest.mark.parametrize("multi", [False, True])
def test_the_best_one_stays(multi):
    Y, encoders = world(multi=multi)
    assert choose(encoders, Y, "good", multi=multi).proposed is None


@pytest.mark.parametrize("multi", [False, True])
def test_a_twin_is_not_proposed_and_its_p_is_one_half(multi):
    Y, encoders = world(multi=multi)
    found = choose({"a": encoders["fair"], "b": encoders["fair"]}, Y, "a", multi=multi)
    assert found.proposed is None
    assert found.scores[0].encoder == "a"  # equal: the one in use comes first
    assert found.scores[1].p == 0.5


@pytest.mark.parametrize("multi", [False, True])
def test_equal_encoders_are_rarely_proposed(multi):
    """Two views with noise of their own: of 20 worlds, one by chance."""
    proposed = 0
    for seed in range(20):
        rng = np.random.default_rng(1000 + seed)
        Y, _ = world(multi=multi, seed=seed)
        shown = np.hstack([Y, np.zeros((N, D - 3))]) - 0.2
        pair = {name: unit(shown + 0.5 * rng.normal(size=(N, D))) for name in ("a", "b")}
        proposed += choose(pair, Y, "a", multi=multi).proposed is not None
    assert proposed <= 3


def test_only_texts_that_no_model_chose_count_but_all_teach():
    Y, encoders = world()
    scored = np.zeros(N, bool)
    scored[:30] = True
    spoilt = encoders["good"].copy()
    found = choose(encoders | {"good": spoilt}, Y, "fair", scored=scored)
    assert (found.texts, found.taught) == (30, N)
    assert max(score.right for score in found.scores) <= 30
    few = choose({name: X[:30] for name, X in encoders.items()}, Y[:30], "fair")
    assert few.scores != found.scores  # the other ninety have taught


def test_more_rivals_need_more_evidence():
    Y, encoders = world()
    fair, good = encoders["fair"], encoders["good"]
    mixed = np.where((np.arange(N) < 75)[:, None], good, fair)  # better on some texts only
    found = choose({"fair": fair, "mixed": mixed}, Y, "fair")
    p = next(score.p for score in found.scores if score.encoder == "mixed")
    assert p is not None
    assert 0.01 < p < 0.05
    assert found.proposed == "mixed"
    twins = {f"twin {at}": fair for at in range(5)}
    assert choose({"fair": fair, "mixed": mixed} | twins, Y, "fair").proposed is None


def test_the_same_labels_give_the_same_answer():
    Y, encoders = world(multi=True)
    assert choose(encoders, Y, "fair", multi=True) == choose(encoders, Y, "fair", multi=True)


def test_what_cannot_be_compared_is_said():
    Y, encoders = world()
    with pytest.raises(EncoderChoiceError, match="1 encoders, 'good' in use: two are needed"):
        choose({"good": encoders["good"]}, Y, "good")
    with pytest.raises(EncoderChoiceError, match="'other' in use"):
        choose(encoders, Y, "other")
    with pytest.raises(EncoderChoiceError, match="119 embeddings for 120"):
        choose(encoders | {"good": encoders["good"][1:]}, Y, "fair")
    with pytest.raises(EncoderChoiceError, match="two kinds are needed"):
        choose(encoders, np.eye(3, dtype=np.uint8)[np.zeros(N, int)], "good")
    with pytest.raises(EncoderChoiceError, match="None of the 120 labelled texts was chosen without a model"):
        choose(encoders, Y, "good", scored=np.zeros(N, bool))
