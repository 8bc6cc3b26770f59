"""Agreement of people: published worked examples, oracles, and what must hold of any answers."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score, f1_score

from modelsvc.annotators import coefficients as coefficient
from modelsvc.annotators.answers import Answers
from modelsvc.annotators.people_agree import people_agree
from modelsvc.annotators.resamples import Patterns

ONCE = {"seed": 0, "resamples": 50}


def table(rows: Sequence[Sequence[object]]) -> Answers:
    """One row a person, one column a text; None: not answered. One label a text."""
    kinds = sorted({str(one) for row in rows for one in row if one is not None})
    cells = [
        (text, person, kinds.index(str(one)))
        for person, row in enumerate(rows)
        for text, one in enumerate(row)
        if one is not None
    ]
    text, person, said = (np.array(column, np.int64) for column in zip(*cells, strict=True))
    return Answers(text, person, np.eye(len(kinds), dtype=np.uint8)[said])


def counts(answers: Answers) -> tuple[np.ndarray, np.ndarray]:
    """(weights (1, G) of the texts as they are, counts (G, K))."""
    patterns = Patterns.of(answers)
    return patterns.times[None, :].astype(float), patterns.counts()


# --- worked examples ------------------------------------------------------------------------------------------------

KRIPPENDORFF_A = ["0100000010", "1110010000"]  # 2011, section A: Meg and Owen, binary
KRIPPENDORFF_B = ["aabbdcccedda", "babbbccceddd"]  # section B: Ben and Gerry, nominal
KRIPPENDORFF_C = [  # section C: four observers, some of whose values are missing
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]


@pytest.mark.parametrize(("rows", "alpha"), [(KRIPPENDORFF_A, 0.095), (KRIPPENDORFF_B, 0.692), (KRIPPENDORFF_C, 0.743)])
def test_alpha_is_krippendorff_s(rows: Sequence[Sequence[object]], alpha: float) -> None:
    found = people_agree(table(rows), multi_label=False, **ONCE)
    assert found.alpha is not None and found.alpha.value == pytest.approx(alpha, abs=5e-4)


FLEISS_1971 = """00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050 02031 00501
30012 51000 02040 10203 00006 01050 02013 20040 10041 05010 40002 02040 10500 00006"""


def test_kappa_of_six_psychiatrists_is_fleiss_s() -> None:
    n = np.array([[int(digit) for digit in row] for row in FLEISS_1971.split()], float)
    assert n.sum(axis=0).tolist() == [26, 26, 30, 55, 43]  # the table's own totals
    W = np.ones((1, len(n)))
    assert coefficient.fleiss_kappa(W, n)[0] == pytest.approx(0.430, abs=5e-4)
    assert coefficient.percent(W, n)[0] == pytest.approx(0.5556, abs=5e-5)


def test_kappa_of_two_people_is_the_textbook_s() -> None:
    """Fifty applications: both yes 20, both no 15, only one yes 5, only the other 10."""
    rows = ["y" * 20 + "y" * 5 + "n" * 10 + "n" * 15, "y" * 20 + "n" * 5 + "y" * 10 + "n" * 15]
    [pair] = people_agree(table(rows), multi_label=False, **ONCE).pairs
    assert pair.percent is not None and pair.percent.value == pytest.approx(0.7)
    assert pair.kappa is not None and pair.kappa.value == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("one", "other", "distance"),
    [
        ([1, 1, 0], [1, 1, 0], 0.0),
        ([0, 0, 0], [0, 0, 0], 0.0),  # "none of these", both
        ([1, 0, 0, 0], [1, 1, 0, 0], 1 - 1 / 2 * 2 / 3),  # one holds the other
        ([1, 1, 0, 0], [1, 1, 1, 1], 1 - 2 / 4 * 2 / 3),
        ([1, 1, 0, 0], [0, 1, 1, 0], 1 - 1 / 3 * 1 / 3),  # they only meet
        ([1, 0, 0, 0], [0, 1, 0, 0], 1.0),
        ([0, 0, 0, 0], [0, 1, 0, 0], 1.0),
    ],
)
def test_masi_weighs_jaccard_by_how_sets_lie(one: list[int], other: list[int], distance: float) -> None:
    found = coefficient.masi_distances(np.array([one, other], np.uint8))
    assert found[0, 1] == pytest.approx(distance) and found[1, 0] == found[0, 1] and found[0, 0] == 0


# --- oracles --------------------------------------------------------------------------------------------------------

matrices = st.integers(2, 4).flatmap(
    lambda people: st.lists(
        st.lists(st.sampled_from("abc"), min_size=people, max_size=people), min_size=12, max_size=30
    )
)


@settings(max_examples=40, deadline=None)
@given(matrices)
def test_each_pair_s_kappa_is_scikit_learn_s(texts: list[list[str]]) -> None:
    people = list(zip(*texts, strict=True))
    for pair in people_agree(table(people), multi_label=False, **ONCE).pairs:
        first, second = people[pair.first], people[pair.second]
        if len({*first, *second}) > 1:
            assert pair.kappa is not None
            assert pair.kappa.value == pytest.approx(cohen_kappa_score(first, second))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.integers(0, 1), min_size=6, max_size=6), min_size=12, max_size=25))
def test_the_ceiling_of_two_people_is_the_f1_of_one_against_the_other(rows: list[list[int]]) -> None:
    Y = np.array(rows, np.uint8)
    one, other = Y[:, :3], Y[:, 3:]
    found = people_agree(of_two(one, other), multi_label=True, **ONCE).ceiling
    assert found is not None and found.accuracy is not None
    assert found.accuracy.value == pytest.approx((one == other).all(axis=1).mean())
    if Y.any():
        assert found.micro_f1 is not None
        assert found.micro_f1.value == pytest.approx(f1_score(one, other, average="micro", zero_division=0))


def naive_alpha(answers: Answers, distance: np.ndarray, which: np.ndarray) -> float:
    """Straight from the definition: mean distance of pairs within texts over that of all pairs."""
    of = [which[answers.text == text] for text in np.unique(answers.text)]
    of = [said for said in of if len(said) > 1]
    values = np.concatenate(of)
    within = sum(sum(distance[a, b] for a, b in permutations(said, 2)) / (len(said) - 1) for said in of) / len(values)
    across = sum(distance[a, b] for a, b in permutations(values, 2)) / (len(values) * (len(values) - 1))
    return float(1 - within / across)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_alpha_over_sets_is_that_of_its_definition(seed: int) -> None:
    rng = np.random.default_rng(seed)
    v = 60
    text, person = rng.integers(15, size=v), rng.integers(4, size=v)
    once = np.unique(text * 4 + person, return_index=True)[1]
    answers = Answers(text[once], person[once], (rng.random((len(once), 3)) < 0.4).astype(np.uint8))
    kinds, which = answers.kinds()
    found = people_agree(answers, multi_label=True, **ONCE)
    if found.masi is not None and found.alpha is not None:
        masi, nominal = coefficient.masi_distances(kinds), 1.0 - np.eye(len(kinds))
        assert found.masi.value == pytest.approx(naive_alpha(answers, masi, which))
        assert found.alpha.value == pytest.approx(naive_alpha(answers, nominal, which))


# --- laws -----------------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(matrices, st.randoms(use_true_random=False))
def test_neither_the_order_of_people_nor_the_names_of_labels_matter(texts: list[list[str]], random) -> None:
    people = [list(row) for row in zip(*texts, strict=True)]
    shuffled = [[{"a": "c", "b": "a", "c": "b"}[one] for one in row] for row in people]
    random.shuffle(shuffled)
    before, after = (people_agree(table(rows), multi_label=False, **ONCE) for rows in (people, shuffled))
    for name in ("percent", "fleiss", "alpha"):
        one, other = getattr(before, name), getattr(after, name)
        assert (one is None) == (other is None)
        assert one is None or one.value == pytest.approx(other.value)


def test_who_always_agree_agree_fully_and_the_interval_knows_how_few_they_are() -> None:
    found = people_agree(table(["abcabcabcabc"] * 3), multi_label=False, seed=0)
    assert found.percent is not None and found.fleiss is not None and found.alpha is not None
    assert found.percent.value == found.fleiss.value == found.alpha.value == 1
    assert 0.7 < found.percent.low < 0.8  # Wilson's, of 12 of 12
    assert found.alpha.low == pytest.approx(1 - (1 - found.percent.low) / (2 / 3))


def test_where_everybody_says_one_thing_there_is_a_share_and_no_coefficient() -> None:
    found = people_agree(table(["a" * 20] * 2), multi_label=False, **ONCE)
    assert found.percent is not None and found.percent.value == 1
    assert found.fleiss is None and found.alpha is None


def test_people_who_guess_agree_by_chance_alone() -> None:
    rng = np.random.default_rng(3)
    found = people_agree(table(rng.integers(3, size=(3, 2000)).tolist()), multi_label=False, seed=0)
    assert found.alpha is not None and found.alpha.low < 0 < found.alpha.high
    assert found.percent is not None and found.percent.low < 1 / 3 < found.percent.high


def test_an_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    """Two people, right with .9 on three even labels: they agree on .9² + .1²/2 of the texts."""
    rng, held, rounds = np.random.default_rng(1), 0, 200
    truth_of = 0.9**2 + 0.1**2 / 2
    for at in range(rounds):
        truth = rng.integers(3, size=80)
        off = np.where(rng.random((2, 80)) < 0.9, 0, rng.integers(1, 3, size=(2, 80)))
        found = people_agree(table(((truth + off) % 3).tolist()), multi_label=False, seed=at, resamples=400)
        assert found.percent is not None
        held += found.percent.low <= truth_of <= found.percent.high
    assert held >= 0.92 * rounds


# --- edges ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("texts", [0, 1, 9])
def test_too_few_shared_texts_make_no_figure(texts: int) -> None:
    nothing = np.zeros(0, np.int64)
    answers = table(["ababababab"[:texts]] * 2) if texts else Answers(nothing, nothing, np.zeros((0, 2), np.uint8))
    found = people_agree(answers, multi_label=False, seed=0)
    assert (found.texts, found.percent, found.alpha, found.ceiling) == (texts, None, None, None)


def test_texts_that_one_person_answered_say_nothing() -> None:
    alone = table([["a"] * 12 + ["b"] * 5, ["a"] * 6 + ["b"] * 6 + [None] * 5])
    together = table([["a"] * 12, ["a"] * 6 + ["b"] * 6])
    one, other = (people_agree(answers, multi_label=False, seed=0) for answers in (alone, together))
    assert one.texts == other.texts == 12 and one.percent == other.percent and one.alpha == other.alpha


def test_a_rare_label_has_no_figures_of_its_own() -> None:
    found = people_agree(table(["a" * 16 + "bbbb", "a" * 16 + "bbbb"]), multi_label=False, **ONCE)
    assert [(label.texts, label.percent is None) for label in found.labels] == [(16, False), (4, True)]


def test_five_thousand_texts_and_three_people_take_about_a_second() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(6, size=5000)
    said = np.where(rng.random((3, 5000)) < 0.85, truth, rng.integers(6, size=(3, 5000)))
    text, person = np.tile(np.arange(5000), 3), np.repeat(np.arange(3), 5000)
    answers = Answers(text, person, np.eye(6, dtype=np.uint8)[said.reshape(-1)])
    started = time.process_time()  # of this process: others work on the machine too
    found = people_agree(answers, multi_label=False, seed=0)
    assert found.texts == 5000 and time.process_time() - started < 1.5


def of_two(one: np.ndarray, other: np.ndarray) -> Answers:
    n = len(one)
    return Answers(np.tile(np.arange(n), 2), np.repeat(np.arange(2), n), np.concatenate([one, other]))
