import numpy as np
import pytest
from scipy.sparse import csr_matrix

from modelsvc.evaluation.evaluate import macro_f1
from modelsvc.heads import either, quick, sparse_logistic
from modelsvc.heads.quick import QuickModelError, decide, predict_proba
from modelsvc.heads.sparse_logistic import L2, fit_sparse_subsets
from modelsvc.heads.sureness import EMBEDDING_SHARE
from modelsvc.heads.two_views import cross_fit_answers, cross_fit_two_views, fit_two_views
from modelsvc.stores.words import Vocabulary, Words
from modelsvc.types import Views

C, D, V = 3, 16, 40
VOCABULARY = Vocabulary(tuple(f"word{v:02}" for v in range(V)), np.ones(V, np.float32))


def corpus(n, *, seed=0, share=0.1):
    """Each label shows in one embedding direction, faintly, and in two words of its own."""
    rng = np.random.default_rng(seed)
    Y = (rng.random((n, C)) < share).astype(np.uint8)
    X = rng.normal(size=(n, D)).astype(np.float32)
    X[:, :C] += 2 * Y
    T = (rng.random((n, V)) < 0.1).astype(np.float32)
    T[:, :C] = np.maximum(T[:, :C], Y * (rng.random((n, C)) < 0.7))
    T /= np.maximum(np.linalg.norm(T, axis=1, keepdims=True), 1e-6)
    return Views((X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32), Words(VOCABULARY, csr_matrix(T))), Y


def test_words_alone_equal_scikit_learns_logistic_regression():
    from sklearn.linear_model import LogisticRegression

    views, Y = corpus(200)
    T = views.words.T
    weights, bias = fit_sparse_subsets(T, Y, np.ones((1, 200), np.float32))
    for c in range(C):
        theirs = LogisticRegression(C=1 / L2, tol=1e-8, max_iter=5000).fit(T, Y[:, c])
        assert np.abs(T @ weights[0][:, c] + bias[0, c] - theirs.decision_function(T)).max() < 0.05


def test_a_subset_of_rows_learns_as_if_the_others_were_not_there():
    views, Y = corpus(120)
    included = np.stack([np.ones(120), np.arange(120) < 80]).astype(np.float32)
    both = fit_sparse_subsets(views.words.T, Y, included)
    half = fit_sparse_subsets(views.words.T[:80], Y[:80], np.ones((1, 80), np.float32))
    assert np.abs(both[0][1] - half[0][0]).max() < 0.05 and np.abs(both[1][1] - half[1][0]).max() < 0.05


def test_both_views_together_find_rare_labels_in_new_texts():
    views, Y = corpus(600)
    new, truth = corpus(1000, seed=1)
    head = fit_two_views(views[np.arange(300)], Y[:300], pool=views[np.arange(300, 600)])
    given = decide(head, predict_proba(head, new))
    assert macro_f1(truth, given) > 0.55
    assert np.allclose(given.mean(0), truth.mean(0), atol=0.08)


def test_probabilities_are_honest_on_the_pool():
    views, Y = corpus(1200)
    head = fit_two_views(views[np.arange(400)], Y[:400], pool=views[np.arange(400, 1200)])
    assert np.allclose(predict_proba(head, views[np.arange(400, 1200)]).mean(0), Y[400:].mean(0), atol=0.03)


def test_the_same_labels_give_the_same_head_in_any_order():
    views, Y = corpus(300)
    one, again = (fit_two_views(views[np.arange(100)], Y[:100], pool=views[np.arange(100, 300)]) for _ in range(2))
    assert np.array_equal(one.weights, again.weights) and np.array_equal(one.thresholds, again.thresholds)


def test_a_label_without_a_text_is_never_given():
    views, Y = corpus(200)
    Y[:, 2] = 0
    head = fit_two_views(views, Y, pool=views)
    assert not decide(head, predict_proba(head, views))[:, 2].any()


def test_a_single_positive_is_not_scored_by_a_head_that_cannot_know_it():
    views, Y = corpus(60)
    Y[:, 1] = 0
    Y[7, 1] = 1
    scorable = cross_fit_two_views(views, Y, seed=0).scorable
    assert not scorable[7] and scorable.sum() > 40


@pytest.mark.parametrize("n", [1, 2, 3])
def test_the_smallest_label_sets_give_a_head(n):
    views, Y = corpus(50)
    head = fit_two_views(views[np.arange(n)], Y[:n], pool=views[np.arange(n, 50)])
    assert np.isfinite(predict_proba(head, views)).all()


def test_no_text_is_refused():
    views, Y = corpus(10)
    with pytest.raises(QuickModelError, match="0 labelled texts"):
        fit_two_views(views[np.arange(0)], Y[:0], pool=views)


def test_solving_in_blocks_changes_nothing(monkeypatch):
    views, Y = corpus(120)
    included = np.stack([np.ones(120), np.arange(120) < 80]).astype(np.float32)
    at_once = fit_sparse_subsets(views.words.T, Y, included)
    monkeypatch.setattr(sparse_logistic, "BLOCK", 2 * V)
    in_blocks = fit_sparse_subsets(views.words.T, Y, included)
    assert np.abs(at_once[0] - in_blocks[0]).max() < 0.02 and np.abs(at_once[1] - in_blocks[1]).max() < 0.02


def test_the_embedding_keeps_its_usual_share_until_the_labels_speak_clearly():
    views, Y = corpus(400)
    few = np.arange(20)
    assert fit_two_views(views[few], Y[few], pool=views).words.share == EMBEDDING_SHARE
    rng = np.random.default_rng(3)
    noise = (rng.random((400, V)) < 0.1).astype(np.float32)
    silent = Views(views.X, Words(VOCABULARY, csr_matrix(noise)))
    assert fit_two_views(silent, Y, pool=silent).words.share > EMBEDDING_SHARE


def test_a_head_that_keeps_its_calibration_answers_much_as_before():
    views, Y = corpus(600)
    labelled, pool = np.arange(290), views[np.arange(300, 600)]
    warm = fit_two_views(views[labelled], Y[labelled], pool=pool)
    more = np.arange(300)
    kept = fit_two_views(views[more], Y[more], pool=pool, warm=warm, calibrate=False)
    assert np.abs(predict_proba(kept, pool) - predict_proba(warm, pool)).mean() < 0.02
    assert np.array_equal(kept.thresholds, warm.thresholds) and kept.words.share == warm.words.share
    other = Vocabulary(tuple(f"other{v:02}" for v in range(V)), np.ones(V, np.float32))
    grown = Views(views.X, Words(other, views.words.T))
    anew = fit_two_views(grown[more], Y[more], pool=grown[np.arange(300, 600)], warm=warm, calibrate=False)
    assert anew.words.vocabulary == other  # the words are other ones: nothing of the old head holds


def test_only_the_rows_of_the_mask_calibrate():
    views, Y = corpus(400)
    labelled, pool = np.arange(200), views[np.arange(200, 400)]
    mask = np.arange(200) < 100
    swapped = Y[labelled].copy()
    one = cross_fit_two_views(views[labelled], swapped, seed=0).calibration(mask, swapped)
    swapped[150] = 1 - swapped[150]
    left_out = cross_fit_two_views(views[labelled], Y[labelled], seed=0)
    other = left_out.calibration(mask, swapped)
    assert one[0] == other[0] and np.array_equal(one[1].scale, other[1].scale)
    head = fit_two_views(views[labelled], Y[labelled], pool=pool, calibrate_on=mask)
    assert not np.array_equal(head.bias, fit_two_views(views[labelled], Y[labelled], pool=pool).bias)


def test_cross_fitted_answers_are_about_as_good_as_answers_to_new_texts():
    views, Y = corpus(900)
    labelled, pool = np.arange(300), views[np.arange(300, 600)]
    proba, given = cross_fit_answers(views[labelled], Y[labelled], pool=pool, seed=0)
    new = np.arange(600, 900)
    head = fit_two_views(views[labelled], Y[labelled], pool=pool)
    told = macro_f1(Y[new], decide(head, predict_proba(head, views[new])))
    assert macro_f1(Y[labelled], given) == pytest.approx(told, abs=0.1)
    assert ((proba >= 0) & (proba <= 1)).all() and np.allclose(proba.mean(0), Y[labelled].mean(0), atol=0.03)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_the_smallest_label_sets_are_cross_fitted(n):
    views, Y = corpus(50)
    proba, given = cross_fit_answers(views[np.arange(n)], Y[:n], pool=views[np.arange(n, 50)], seed=0)
    assert np.isfinite(proba).all() and given.shape == (n, C)


def test_texts_without_any_known_word_are_learnt_from_by_their_embeddings():
    views, Y = corpus(300)
    wordless = Views(views.X, Words(Vocabulary((), np.zeros(0, np.float32)), csr_matrix((300, 0), dtype=np.float32)))
    head = fit_two_views(wordless[np.arange(200)], Y[:200], pool=wordless[np.arange(200, 300)])
    given = decide(head, predict_proba(head, wordless[np.arange(200, 300)]))
    assert macro_f1(Y[200:], given) > 0.4


def test_the_door_gives_the_head_that_the_texts_call_for():
    views, Y = corpus(100)
    one = np.eye(C, dtype=np.uint8)[Y.argmax(1)]
    pool = views[np.arange(0)]
    assert either.fit(views, Y, multi_label=True, pool=pool).words is not None
    assert either.fit(Views(views.X), Y, multi_label=True, pool=Views(pool.X)).words is None
    plain = either.fit(views, one, multi_label=False, pool=pool)
    assert plain.words is None and np.array_equal(
        plain.weights, quick.fit_head(views.X, one, multi_label=False).weights
    )


def test_a_head_of_words_refuses_texts_that_come_without_or_over_other_words():
    views, Y = corpus(100)
    head = fit_two_views(views, Y, pool=views)
    other = Vocabulary(tuple(f"other{v}" for v in range(V)), np.ones(V, np.float32))
    for texts in (views.X, Views(views.X), Views(views.X, Words(other, views.words.T))):
        with pytest.raises(QuickModelError, match="reads the words"):
            predict_proba(head, texts)
    with pytest.raises(QuickModelError, match="needs the words"):
        fit_two_views(Views(views.X), Y, pool=views)
