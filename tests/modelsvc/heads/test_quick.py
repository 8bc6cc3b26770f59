"""The quick model: laws of the fit, of its calibration and of cross-fitting."""

import subprocess
import sys

import numpy as np
import pytest

from modelsvc.heads import logistic, quick
from modelsvc.heads.folds import stratified_folds
from modelsvc.heads.left_out import BothWays, LeftOut
from modelsvc.heads.quick import QuickModelError, cross_fit, decide, fit_head, predict_proba


def groups(n, C, *, seed=0, D=32, noise=0.8):
    """n unit rows around C directions, and their one-hot labels."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(C, D))
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    y = np.arange(n) % C
    X = centres[y] + noise * rng.normal(size=(n, D)) / np.sqrt(D)
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    return X.astype(np.float32), np.eye(C, dtype=np.uint8)[y]


@pytest.mark.parametrize(("n", "D"), [(20, 32), (120, 32)])  # fewer texts than axes, and more
def test_the_head_equals_scikit_learns_logistic_regression(n, D):
    from sklearn.linear_model import LogisticRegression

    X, Y = groups(n, 4, D=D)
    head = fit_head(X, Y, multi_label=False)
    theirs = LogisticRegression(C=1 / logistic.L2, tol=1e-8, max_iter=5000).fit(X, Y.argmax(axis=1))
    ours = predict_proba(head, X) if head.temperature == 1 else predict_proba(with_temperature_one(head), X)
    assert np.abs(ours - theirs.predict_proba(X)).max() < 0.01


def test_each_label_of_several_is_its_own_weighted_logistic_regression_up_to_a_scale_and_an_offset():
    from sklearn.linear_model import LogisticRegression

    X, Y = groups(90, 3)
    Y[::7, 1] = 1
    head = fit_head(X, Y, multi_label=True)
    cells = logistic._cell_weights(Y, True)
    for c in range(3):
        model = LogisticRegression(C=1 / logistic.L2, tol=1e-8, max_iter=5000)
        theirs = model.fit(X, Y[:, c], sample_weight=cells[:, c]).decision_function(X)
        ours = X @ head.weights[:, c] + head.bias[c]
        scale, offset = np.polyfit(theirs, ours, 1)
        assert scale > 0 and np.abs(scale * theirs + offset - ours).max() < 0.05


def with_temperature_one(head):
    from dataclasses import replace

    return replace(head, temperature=1.0)


def test_a_warm_start_ends_where_a_cold_one_does():
    X, Y = groups(80, 4)
    warm = fit_head(X[:60], Y[:60], multi_label=False)
    one, other = fit_head(X, Y, multi_label=False), fit_head(X, Y, multi_label=False, warm=warm)
    assert np.abs(predict_proba(one, X) - predict_proba(other, X)).max() < 0.01


def test_a_warm_head_with_fewer_labels_is_taken_up():
    X, Y = groups(80, 4)
    narrow = fit_head(X[Y[:, 3] == 0], Y[Y[:, 3] == 0][:, :3], multi_label=False)
    assert fit_head(X, Y, multi_label=False, warm=narrow).weights.shape == (32, 4)


def test_without_calibration_the_temperature_of_the_warm_head_stays():
    X, Y = groups(80, 4)
    warm = fit_head(X[:60], Y[:60], multi_label=False)
    assert fit_head(X, Y, multi_label=False, warm=warm, calibrate=False).temperature == warm.temperature


@pytest.mark.parametrize("multi_label", [False, True])
def test_a_label_without_texts_gets_probability_near_zero(multi_label):
    X, Y = groups(40, 3)
    Y = np.hstack([Y, np.zeros((40, 1), np.uint8)])
    proba = predict_proba(fit_head(X, Y, multi_label=multi_label), X)
    assert np.isfinite(proba).all() and proba[:, 3].max() < 0.02


def test_probabilities_of_one_label_a_text_sum_to_one():
    X, Y = groups(50, 5)
    assert np.allclose(predict_proba(fit_head(X, Y, multi_label=False), X).sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("multi_label", [False, True])
@pytest.mark.parametrize("counts", [(1, 1), (1, 5, 5), (0, 4, 4), (6, 0, 1), (3,)])
def test_cross_fitting_works_on_the_smallest_label_sets(multi_label, counts):
    Y = np.repeat(np.eye(len(counts), dtype=np.uint8), counts, axis=0)
    X = groups(len(Y), 2)[0]
    proba, _ = cross_fit(X, Y, multi_label=multi_label, seed=3)
    assert proba.shape == Y.shape and np.isfinite(proba).all() and proba.min() >= 0 and proba.max() <= 1


def test_the_only_text_of_a_label_is_scored_without_having_taught_it():
    X, Y = groups(30, 3)
    Y[Y[:, 2] == 1] = [1, 0, 0]
    Y[5] = [0, 0, 1]
    assert cross_fit(X, Y, multi_label=False, seed=0)[0][5, 2] < 1e-6


def test_cross_fitting_depends_on_the_seed_alone():
    X, Y = groups(60, 4)
    one, again = (cross_fit(X, Y, multi_label=False, seed=1)[0] for _ in range(2))
    other, _ = cross_fit(X, Y, multi_label=False, seed=2)
    assert np.array_equal(one, again) and not np.allclose(one, other)


def test_a_rows_own_label_has_no_say_in_its_score():
    """Labels of pure noise cannot be predicted better than by chance, however well a head can memorise them."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 32)).astype(np.float32)
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    y = rng.integers(2, size=400)
    proba, _ = cross_fit(X, np.eye(2, dtype=np.uint8)[y], multi_label=False, seed=0)
    assert 0.4 < (proba.argmax(axis=1) == y).mean() < 0.6


def test_a_rows_own_label_has_no_say_in_its_temperature(monkeypatch):
    """What the heads said is held still, so that only the temperature can follow from the labels."""
    X, Y = groups(14, 2)
    logits = (2 * Y + np.random.default_rng(0).normal(0, 1, Y.shape)).astype(np.float32)
    said = BothWays(LeftOut(logits, None, np.ones(14, np.bool_)), None)
    monkeypatch.setattr(quick, "both_ways", lambda *_, **__: said)
    other = Y.copy()
    other[3] = Y[3][::-1]
    before, after = (cross_fit(X, labels, multi_label=False, seed=0, folds=14)[0] for labels in (Y, other))
    assert np.array_equal(before[3], after[3])
    assert not np.array_equal(before, after)  # it has a say in the others'


def test_folds_spread_every_label_and_differ_by_one_text_at_most():
    Y = np.repeat(np.eye(3, dtype=np.uint8), (50, 20, 5), axis=0)
    fold = stratified_folds(Y, folds=5, seed=0)
    assert np.bincount(fold).tolist() == [15] * 5
    assert np.bincount(fold[Y[:, 2] == 1], minlength=5).tolist() == [1] * 5


def test_calibration_lowers_the_log_loss_on_unseen_texts():
    X, Y = groups(700, 4, noise=1.6)
    head = fit_head(X[:200], Y[:200], multi_label=False)

    def log_loss(head):
        return -np.log((predict_proba(head, X[200:]) * Y[200:]).sum(axis=1)).mean()

    assert head.temperature != 1 and log_loss(head) < log_loss(with_temperature_one(head))


def test_thresholds_find_rare_labels_and_stay_half_without_a_text():
    X, Y = groups(300, 10, noise=1.0)
    Y[:, 9] = 0
    head = fit_head(X, Y, multi_label=True)
    assert head.thresholds[9] == 0.5 and ((head.thresholds > 0) & (head.thresholds < 1)).all()
    found = decide(head, predict_proba(head, X))
    assert (found[:, :9] == Y[:, :9]).mean() > 0.95


def test_a_refitted_head_keeps_the_calibration_of_the_one_before_it():
    X, Y = groups(300, 4, noise=1.5)
    warm = fit_head(X[:290], Y[:290], multi_label=True)
    kept = fit_head(X, Y, multi_label=True, warm=warm, calibrate=False)
    assert np.abs(predict_proba(kept, X) - predict_proba(warm, X)).mean() < 0.02
    assert np.array_equal(kept.thresholds, warm.thresholds)


def test_texts_without_labels_say_how_often_a_label_is_to_be_given():
    X, Y = groups(400, 3, noise=2.5)
    chosen = np.concatenate([np.flatnonzero(Y[:, 0])[:60], np.flatnonzero(Y[:, 1])[:20]])  # nothing like the pool
    alone = fit_head(X[chosen], Y[chosen], multi_label=True)
    pooled = fit_head(X[chosen], Y[chosen], multi_label=True, pool_X=X)
    assert np.array_equal(alone.weights, pooled.weights) and not np.array_equal(alone.thresholds, pooled.thresholds)


def memorised(n, C, unseen):
    """Several labels a text, as a tuned encoder sees them: the texts it was taught with lie apart by their labels as
    the `unseen` do not."""
    rng = np.random.default_rng(4)
    Y = (rng.random((n, C)) < 0.3).astype(np.uint8)
    X = rng.normal(size=(n, 32)).astype(np.float32)
    X[:, :C] += np.where(unseen, 1.0, 6.0)[:, None].astype(np.float32) * Y
    return X / np.linalg.norm(X, axis=1, keepdims=True), Y


def test_thresholds_are_set_by_the_rows_that_may_calibrate_and_by_no_others():
    unseen = np.arange(400) % 4 == 0
    X, Y = memorised(400, 3, unseen)
    head = fit_head(X, Y, multi_label=True, calibrate_on=unseen)
    proba = predict_proba(head, X)[unseen]
    for c in range(3):
        found = f1(Y[unseen, c], proba[:, c] >= head.thresholds[c])
        best = max(f1(Y[unseen, c], proba[:, c] >= cut) for cut in np.linspace(0.01, 0.99, 99))
        assert found >= best - 0.15


def test_no_row_outside_the_mask_moves_a_threshold_of_cross_fitting():
    unseen = np.arange(80) % 4 == 0
    X, Y = memorised(80, 3, np.ones(80, bool))
    swapped = Y.copy()
    swapped[np.flatnonzero(~unseen)[0]] ^= 1  # moves the heads a little, and the calibration not of itself
    one, other = (cross_fit(X, labels, multi_label=True, seed=0, calibrate_on=unseen)[0] for labels in (Y, swapped))
    assert np.abs(one - other).mean() < 0.1


def f1(gold, found):
    return 2 * (gold * found).sum() / max(1, gold.sum() + found.sum())


@pytest.mark.parametrize(
    ("X", "Y", "words"),
    [
        (np.zeros((3, 4)), np.zeros((2, 2)), r"\(3, 4\) and targets \(2, 2\)"),
        (np.zeros((0, 4)), np.zeros((0, 2)), "0 texts and 2 labels"),
        (np.zeros((2, 4)), np.array([[1, 0], [1, 1]]), "Row 1 has 2 labels"),
    ],
)
def test_what_cannot_teach_is_refused_in_words(X, Y, words):
    with pytest.raises(QuickModelError, match=words):
        fit_head(X.astype(np.float32), Y.astype(np.uint8), multi_label=False)


def test_the_quick_worker_loads_neither_torch_nor_scikit_learn():
    code = (
        "import sys, modelsvc.heads.quick, modelsvc.querying.strategies, modelsvc.evaluation.evaluate;"
        "print({'torch', 'sklearn'} & set(sys.modules))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "set()"
