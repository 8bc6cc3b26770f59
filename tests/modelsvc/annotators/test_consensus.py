"""Consensus: Dawid and Skene's own example, the rule, and what weighing brings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelsvc.annotators.answers import Answers
from modelsvc.annotators.consensus import (
    ENOUGH_OF_MANY,
    ENOUGH_OF_TWO,
    MAJORITY,
    MATRICES,
    ONE_COIN,
    WHOLE_MATRIX,
    settle,
)
from modelsvc.annotators.dawid_skene import dawid_skene

# Table 1 of Dawid & Skene 1979: 45 patients, judged fit for anaesthesia from 1 to 4. Each word: three answers of the
# first observer, then one of each of four others.
ANAESTHETISTS = """1111111 3334334 1122122 2223121 2223222 2223322 1222111 3333433 2222223 2322223 4444444 2223343
1111111 2223212 1211111 1112111 1111111 1111111 2222221 2221322 2222222 2222221 2223222 2212222 1111111 1111111
2322222 1111111 1111111 1121121 1111111 3333233 1111111 2222222 2223232 4334343 2212232 2323233 3333432 1111111
1111111 1212111 2322222 1211111 2222222"""


def anaesthetists() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    said = np.array([[int(digit) - 1 for digit in word] for word in ANAESTHETISTS.split()])
    assert said.shape == (45, 7)
    return np.repeat(np.arange(45), 7), np.tile([0, 0, 0, 1, 2, 3, 4], 45), said.reshape(-1)


def test_the_anaesthetists_of_1979_come_out_as_published() -> None:
    text, person, said = anaesthetists()
    found = dawid_skene(text, person, said, kinds=4)
    assert found.prevalence.round(2).tolist() == [0.40, 0.42, 0.11, 0.07]
    first = found.confusion[0].round(2)
    assert first[0].tolist() == [0.89, 0.11, 0, 0] and first[1].tolist() == [0.07, 0.88, 0.05, 0]
    # Patient 3 has four answers 2 and three 1; patient 36 three 4 and four 3.
    assert found.posterior.argmax(axis=1)[[2, 35]].tolist() == [1, 3]


def test_nearly_every_patient_is_settled_beyond_doubt() -> None:
    found = dawid_skene(*anaesthetists(), kinds=4)
    assert (found.posterior.max(axis=1) > 0.95).mean() > 0.9 and found.rounds < 500


@settings(max_examples=25, deadline=None)
@given(st.permutations(range(5)), st.permutations(range(4)))
def test_neither_the_order_of_people_nor_the_names_of_labels_matter(people: list[int], labels: list[int]) -> None:
    text, person, said = anaesthetists()
    before = dawid_skene(text, person, said, kinds=4)
    after = dawid_skene(text, np.array(people)[person], np.array(labels)[said], kinds=4)
    assert np.allclose(before.posterior, after.posterior[:, labels], atol=1e-6)
    assert np.allclose(before.accuracy, after.accuracy[people], atol=1e-6)


def crowd(skill: list[float], *, texts: int, kinds: int = 3, seed: int = 0) -> tuple[np.ndarray, Answers]:
    rng = np.random.default_rng(seed)
    truth = rng.integers(kinds, size=texts)
    off = np.where(rng.random((texts, len(skill))) < skill, 0, rng.integers(1, kinds, size=(texts, len(skill))))
    said = (truth[:, None] + off) % kinds
    text, person = np.repeat(np.arange(texts), len(skill)), np.tile(np.arange(len(skill)), texts)
    return truth, Answers(text, person, np.eye(kinds, dtype=np.uint8)[said.reshape(-1)])


def majority(answers: Answers) -> np.ndarray:
    votes = np.zeros((answers.texts, answers.Y.shape[1]))
    np.add.at(votes, answers.text, answers.Y)
    return votes.argmax(axis=1)


def test_one_who_knows_outweighs_two_who_guess() -> None:
    truth, answers = crowd([0.97, 0.6, 0.55], texts=400)
    found = settle(answers, multi_label=False)
    assert found.method == ONE_COIN and found.people.tolist() == [0, 1, 2]
    assert found.accuracy[0] > 0.9 > 0.75 > found.accuracy[1:].max()
    weighed = (found.Y.argmax(axis=1) == truth[found.text]).mean()
    assert weighed > (majority(answers)[found.text] == truth[found.text]).mean() + 0.15


def test_from_the_least_number_of_answers_on_weighing_gains() -> None:
    """Over twenty crowds together: with so few answers a single one may go either way."""
    weighed, plain = [], []
    for seed in range(20):
        truth, answers = crowd([0.95, 0.8, 0.6], texts=ENOUGH_OF_MANY, seed=seed)
        found = settle(answers, multi_label=False)
        weighed += (found.Y.argmax(axis=1) == truth[found.text]).tolist()
        plain += (majority(answers)[found.text] == truth[found.text]).tolist()
    assert np.mean(weighed) > np.mean(plain) + 0.02


def test_a_rare_label_that_two_of_three_saw_is_not_outvoted_by_its_rarity() -> None:
    rows = [[0, 0, 0]] * 120 + [[1, 1, 0]] * 4 + [[2, 2, 2]] * 30 + [[0, 2, 2], [2, 0, 2]] * 3
    said = np.array(rows)
    text, person = np.repeat(np.arange(len(said)), 3), np.tile(np.arange(3), len(said))
    answers = Answers(text, person, np.eye(3, dtype=np.uint8)[said.reshape(-1)])
    found = settle(answers, multi_label=False)
    assert found.Y[:4].argmax(axis=1).tolist() == [1] * 4


@pytest.mark.parametrize(
    ("skill", "texts", "kinds", "method"),
    [
        ([0.9, 0.9], 500, 3, MAJORITY),  # two people: nobody can say which of them is right
        ([0.9, 0.9, 0.9], ENOUGH_OF_MANY - 1, 3, MAJORITY),
        ([0.9, 0.9, 0.9], ENOUGH_OF_MANY, 3, ONE_COIN),
        ([0.9, 0.9, 0.9], ENOUGH_OF_TWO - 1, 2, MAJORITY),
        ([0.9, 0.9, 0.9], ENOUGH_OF_TWO, 2, ONE_COIN),
        ([0.9, 0.9, 0.9], 3 * WHOLE_MATRIX, 3, MATRICES),
    ],
)
def test_the_rule_asks_for_three_people_with_enough_shared_texts(
    skill: list[float], texts: int, kinds: int, method: str
) -> None:
    assert settle(crowd(skill, texts=texts, kinds=kinds)[1], multi_label=False).method == method


def test_what_people_agree_on_is_never_touched() -> None:
    _, answers = crowd([0.9, 0.9, 0.05], texts=200)
    found = settle(answers, multi_label=False)
    same = [len(np.unique(answers.Y[answers.text == text], axis=0)) == 1 for text in found.text]
    assert len(found.text) and not any(same)


def test_each_of_several_labels_is_weighed_by_itself() -> None:
    """Two people are good; three find hardly half and invent some: by majority the labels that only the good ones saw
    are lost."""
    rng = np.random.default_rng(5)
    n, found_by, invented = 400, [0.95, 0.95, 0.45, 0.45, 0.45], [0.01, 0.01, 0.08, 0.08, 0.08]
    truth = rng.random((n, 2)) < [0.3, 0.4]
    said = np.stack(
        [
            np.where(truth, rng.random((n, 2)) < yes, rng.random((n, 2)) < no)
            for yes, no in zip(found_by, invented, strict=True)
        ]
    )
    answers = Answers(np.tile(np.arange(n), 5), np.repeat(np.arange(5), n), said.reshape(-1, 2).astype(np.uint8))
    found = settle(answers, multi_label=True)
    assert found.method == MATRICES and found.accuracy[:2].min() > 0.85 > found.accuracy[2:].max()
    by_majority = (said.sum(axis=0) >= 3)[found.text]
    assert (truth[found.text] == found.Y).mean() > (by_majority == truth[found.text]).mean() + 0.05


def test_nobody_s_answers_settle_nothing() -> None:
    nothing = Answers(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, 3), np.uint8))
    assert settle(nothing, multi_label=False).method == MAJORITY
