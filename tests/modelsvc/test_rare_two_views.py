import numpy as np
import pytest
from scipy.sparse import csr_matrix

from modelsvc.evaluate import macro_f1
from modelsvc.quick import QuickModelError
from modelsvc.sparse_logistic import L2, fit_sparse_subsets
from modelsvc.two_views import Views, cross_fit_two_views, fit_two_views, given_rates

C, D, V = 3, 16, 40


def corpus(n, *, seed=0, share=0.1):
    """Each label shows in one embedding direction, faintly, and in two words of its own."""
    rng = np.random.default_rng(seed)
    Y = (rng.random((n, C)) < share).astype(np.uint8)
    X = rng.normal(size=(n, D)).astype(np.float32)
    X[:, :C] += 2 * Y
    T = (rng.random((n, V)) < 0.1).astype(np.float32)
    T[:, :C] = np.maximum(T[:, :C], Y * (rng.random((n, C)) < 0.7))
    T /= np.maximum(np.linalg.norm(T, axis=1, keepdims=True), 1e-6)
    return Views((X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32), csr_matrix(T)), Y


def test_words_alone_equal_scikit_learns_logistic_regression():
    from sklearn.linear_model import LogisticRegression

    views, Y = corpus(200)
    weights, bias = fit_sparse_subsets(views.T, Y, np.ones((1, 200), np.float32))
    for c in range(C):
        theirs = LogisticRegression(C=1 / L2, tol=1e-8, max_iter=5000).fit(views.T, Y[:, c])
        assert np.abs(views.T @ weights[0][:, c] + bias[0, c] - theirs.decision_function(views.T)).max() < 0.05


def test_a_subset_of_rows_learns_as_if_the_others_were_not_there():
    views, Y = corpus(120)
    included = np.stack([np.ones(120), np.arange(120) < 80]).astype(np.float32)
    both = fit_sparse_subsets(views.T, Y, included)
    half = fit_sparse_subsets(views.T[:80], Y[:80], np.ones((1, 80), np.float32))
    assert np.abs(both[0][1] - half[0][0]).max() < 0.05 and np.abs(both[1][1] - half[1][0]).max() < 0.05


def test_both_views_together_find_rare_labels_in_new_texts():
    views, Y = corpus(600)
    new, truth = corpus(1000, seed=1)
    head = fit_two_views(views[np.arange(300)], Y[:300], pool=views[np.arange(300, 600)])
    given = head.decide(head.proba(new))
    assert macro_f1(truth, given) > 0.55
    assert np.allclose(given.mean(0), truth.mean(0), atol=0.08)


def test_probabilities_are_honest_on_the_pool():
    views, Y = corpus(1200)
    head = fit_two_views(views[np.arange(400)], Y[:400], pool=views[np.arange(400, 1200)])
    assert np.allclose(head.proba(views[np.arange(400, 1200)]).mean(0), Y[400:].mean(0), atol=0.03)


def test_with_rates_each_label_is_given_so_often():
    views, Y = corpus(600)
    labelled, pool = views[np.arange(200)], views[np.arange(200, 600)]
    rates = given_rates(fit_two_views(labelled, Y[:200], pool=pool), pool)
    matched = fit_two_views(labelled, Y[:200], pool=pool, rates=rates)
    assert np.allclose(given_rates(matched, pool), rates, atol=0.01)


def test_the_same_labels_give_the_same_head_in_any_order():
    views, Y = corpus(300)
    one, again = (fit_two_views(views[np.arange(100)], Y[:100], pool=views[np.arange(100, 300)]) for _ in range(2))
    assert np.array_equal(one.dense, again.dense) and np.array_equal(one.thresholds, again.thresholds)


def test_a_label_without_a_text_is_never_given():
    views, Y = corpus(200)
    Y[:, 2] = 0
    head = fit_two_views(views, Y, pool=views)
    assert not head.decide(head.proba(views))[:, 2].any()


def test_a_single_positive_is_not_scored_by_a_head_that_cannot_know_it():
    views, Y = corpus(60)
    Y[:, 1] = 0
    Y[7, 1] = 1
    _, scorable = cross_fit_two_views(views, Y, seed=0)
    assert not scorable[7] and scorable.sum() > 40


@pytest.mark.parametrize("n", [1, 2, 3])
def test_the_smallest_label_sets_give_a_head(n):
    views, Y = corpus(50)
    head = fit_two_views(views[np.arange(n)], Y[:n], pool=views[np.arange(n, 50)])
    assert np.isfinite(head.proba(views)).all()


def test_no_text_is_refused():
    views, Y = corpus(10)
    with pytest.raises(QuickModelError, match="0 labelled texts"):
        fit_two_views(views[np.arange(0)], Y[:0], pool=views)
