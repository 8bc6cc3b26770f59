import numpy as np
import pytest

from modelsvc.heads.per_label import expected_f1_thresholds, moved_like, rate_matched_thresholds, shrunk_scales


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def drawn(n, C, *, scale, offset, seed=0):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(n, C)).astype(np.float32) * 3
    return logits, (rng.random((n, C)) < sigmoid(scale * logits + offset)).astype(np.uint8)


def test_with_many_texts_each_label_finds_its_own_scale_and_offset():
    logits, Y = drawn(20_000, 2, scale=np.array([0.8, 1.2]), offset=np.array([-1.0, 0.5]))
    found = shrunk_scales(logits, Y)
    assert np.allclose(found.scale, [0.8, 1.2], atol=0.06) and np.allclose(found.offset, [-1.0, 0.5], atol=0.1)


def test_with_few_texts_a_label_follows_the_others():
    logits, Y = drawn(20, 50, scale=1.5, offset=-1.0)
    found = shrunk_scales(logits, Y)
    assert found.scale.mean() == pytest.approx(1.5, abs=0.2) and found.scale.std() < 0.25
    alone = shrunk_scales(logits[:, :1], Y[:, :1])
    assert abs(found.scale[0] - 1.5) < abs(alone.scale[0] - 1.5) + 0.3


def test_with_no_text_the_logits_stay_as_they_are():
    found = shrunk_scales(np.zeros((0, 3), np.float32), np.zeros((0, 3), np.uint8))
    assert np.allclose(found.scale, 1) and np.allclose(found.offset, 0)


def test_logits_that_point_the_wrong_way_are_never_turned_round():
    logits, Y = drawn(500, 2, scale=-2.0, offset=0.0)
    assert (shrunk_scales(logits, Y).scale > 0).all()


@pytest.mark.parametrize(
    ("proba", "threshold"),
    [
        ([0.9, 0.8, 0.1, 0.0], 0.45),  # two surely, the others hardly
        ([0.3, 0.3, 0.3, 0.05], 0.175),  # all doubtful: better given than never
        ([1.0, 1.0, 1.0, 1.0], 0.5),
        ([0.001, 0.001, 0.001, 0.001], 0.05),  # would be wrong nearly always
    ],
)
def test_the_threshold_with_the_best_expected_f1(proba, threshold):
    assert expected_f1_thresholds(np.array(proba, np.float32)[:, None])[0] == pytest.approx(threshold)


def test_on_honest_probabilities_the_threshold_is_half_the_f1_it_reaches():
    p = np.sort(np.random.default_rng(0).beta(0.2, 2, 200_000)).astype(np.float32)
    threshold = expected_f1_thresholds(p[:, None])[0]
    given = p >= threshold
    assert threshold == pytest.approx(p[given].sum() / (given.sum() + p.sum()), abs=0.005)  # Lipton et al., theorem 1


def test_matched_thresholds_give_each_label_as_often_as_asked():
    proba = np.random.default_rng(1).random((1000, 3)).astype(np.float32) ** 4
    rates = np.array([0.01, 0.2, 0.5])
    assert np.allclose((proba >= rate_matched_thresholds(proba, rates)).mean(0), rates)


def test_a_moved_head_has_the_mean_and_spread_of_the_logits_before():
    rng = np.random.default_rng(2)
    X, W = rng.normal(size=(50, 4)).astype(np.float32), rng.normal(size=(4, 2)).astype(np.float32)
    before = X @ (3 * W) - 1
    scale, offset = moved_like(before, X @ W)
    assert np.allclose(X @ W * scale + offset, before, atol=1e-4)
