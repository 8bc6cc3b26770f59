"""Macro-F1 of two models on the same texts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from labeller.insight.answers import Answer
from labeller.insight.comparison import Pair
from labeller.insight.paired_f1 import MOST_RESAMPLED, Kind, macro_f1_gain, paired_macro_f1
from labeller.projects.models import Project, User
from modelsvc.evaluation.intervals import macro_f1
from tests.cast import join, make_project
from tests.insight.scored import answered

ClientOf = Callable[[User], Client]


def pair(gold: set[int], a: set[int], b: set[int], at: int = 0) -> Pair:
    return Pair(*(Answer(at, frozenset(gold), frozenset(said), {}, 10, {}) for said in (a, b)))


def test_it_is_the_learner_s_macro_f1_to_the_last_digit() -> None:
    rng = np.random.default_rng(0)
    Y, A, B = (rng.random((60, 4)) < share for share in (0.3, 0.4, 0.2))
    rows = [pair(*({int(c) for c in np.flatnonzero(part[at])} for part in (Y, A, B)), at) for at in range(60)]
    found = paired_macro_f1(rows)
    assert found.a.value == pytest.approx(macro_f1(Y.astype(np.uint8), A.astype(np.uint8)), abs=1e-12)
    assert found.b.value == pytest.approx(macro_f1(Y.astype(np.uint8), B.astype(np.uint8)), abs=1e-12)
    assert found.gain.value == pytest.approx(found.b.value - found.a.value)
    assert found.gain.low <= found.gain.value <= found.gain.high


def test_a_model_is_no_better_than_itself() -> None:
    found = paired_macro_f1([pair({1}, {1, 2}, {1, 2}), pair({2}, {1}, {1}), pair(set(), set(), set())])
    assert (found.gain.low, found.gain.value, found.gain.high) == (0, 0, 0) and not found.is_certain


def test_a_clear_difference_is_called_one() -> None:
    rows = [pair({1 + at % 2}, {1}, {1 + at % 2}, at) for at in range(60)]
    assert paired_macro_f1(rows).is_certain


def mostly_alike(*others: Pair) -> list[Pair]:
    """300 texts on which two models agree, mostly rightly, and these others."""
    alike = [pair({at % 4}, {at % 4} if at % 5 else set(), {at % 4} if at % 5 else set(), at) for at in range(300)]
    return [*alike, *others]


def test_one_text_of_many_makes_no_difference_certain() -> None:
    rare = pair({5}, set(), {5})
    found = paired_macro_f1(mostly_alike(rare))
    assert found.gain.value == pytest.approx(0.2) and found.gain.low <= 0 and not found.is_certain
    assert macro_f1_gain([(frozenset({5}), frozenset(), frozenset({5}))]).low <= 0


def test_nor_does_one_text_on_a_rare_label_among_others_that_hardly_count() -> None:
    either_way = [pair({0}, {0}, {1}), pair({0}, {1}, {0})] * 5
    found = paired_macro_f1(mostly_alike(pair({5}, set(), {5}), *either_way))
    assert found.gain.value == pytest.approx(0.2, abs=0.01) and not found.is_certain


@pytest.mark.parametrize(("texts", "is_certain"), [(5, False), (6, True)])
def test_six_texts_all_for_the_same_model_do(texts: int, is_certain: bool) -> None:
    assert paired_macro_f1(mostly_alike(*[pair({5}, set(), {5})] * texts)).is_certain is is_certain
    few = [pair({1}, {1}, {1}), pair({5}, set(), {5})]
    assert paired_macro_f1([few[0]] * 20 + [few[1]] * texts).is_certain is is_certain


@given(st.lists(st.tuples(*[st.frozensets(st.integers(1, 4), max_size=2)] * 3), min_size=1, max_size=40))
def test_the_other_way_round_it_is_the_same_difference(texts: list[Kind]) -> None:
    there, back = macro_f1_gain(texts), macro_f1_gain((gold, b, a) for gold, a, b in texts)
    assert (back.value, back.low, back.high) == pytest.approx((-there.value, -there.high, -there.low))
    assert there.low <= there.value <= there.high


def test_influences_and_resamples_tell_the_same_of_enough_texts() -> None:
    rng = np.random.default_rng(3)
    Y = rng.random((MOST_RESAMPLED, 4)) < 0.4
    rows = [
        pair(*({int(c) for c in np.flatnonzero(one ^ (rng.random(4) < off))} for off in (0, 0.2, 0.1))) for one in Y
    ]
    resampled, by_influence = paired_macro_f1(rows), paired_macro_f1([*rows, pair(set(), set(), set())])
    for name in ("a", "b", "gain"):
        one, other = getattr(resampled, name), getattr(by_influence, name)
        assert other.value == pytest.approx(one.value)  # a text without labels moves no F1
        assert (other.low, other.high) == pytest.approx((one.low, one.high), abs=0.015)


def test_texts_without_any_label_are_0() -> None:
    assert paired_macro_f1([pair(set(), set(), set())]).a.value == 0


def test_the_page_tells_it_where_a_text_may_have_several_labels(
    client_of: ClientOf, bob: User, project: Project
) -> None:
    several = make_project("multi")
    texts, gold = ["One.", "Two.", "Three."], ["Change", "Court", "Change+Court"]
    join(several, bob, "reader")
    for where in (several, project):
        for said in (["Change", "Change", "Change"], ["Change", "Court", "Change"]):
            answered(where, texts, [one.split("+")[0] for one in gold] if where == project else gold, said)
    pages = [
        client_of(bob).get(reverse("results-compare", args=[where.slug]), {"a": "1", "b": "2"}).content.decode()
        for where in (several, project)
    ]
    assert 'id="f1-gain"' in pages[0] and "Macro-F1" in pages[0] and "Macro-F1" not in pages[1]
