"""Accuracy by what is known of the texts: numbers in quarters, words by value, small slices marked."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeller.insight.answers import Answer
from labeller.insight.slices import LENGTH, fields_of, sliced


def answer(at: int, *, right: bool = True, length: int = 100, **metadata: Any) -> Answer:
    return Answer(at, frozenset({1}), frozenset({1 if right else 2}), {1: 0.6, 2: 0.4}, length, metadata)


def shown(answers: list[Answer], field: str) -> list[tuple[str, int, float]]:
    return [(one.value, one.n, round(one.accuracy.value, 3)) for one in sliced(answers, field).slices]


def test_words_are_slices_by_value_the_commonest_first() -> None:
    answers = [answer(at, right=at % 2 == 0, court="Oslo" if at < 6 else "Rome") for at in range(10)]
    answers.append(answer(10))
    assert shown(answers, "court") == [("Oslo", 6, 0.5), ("Rome", 4, 0.5), ("no value", 1, 1.0)]


def test_numbers_are_put_into_quarters_in_their_order() -> None:
    answers = [answer(at, right=at >= 25, length=at + 1) for at in range(100)]
    assert shown(answers, LENGTH) == [
        ("1 to 25", 25, 0.0), ("26 to 50", 25, 1.0), ("51 to 75", 25, 1.0), ("76 to 100", 25, 1.0),
    ]  # fmt: skip


def test_numbers_written_as_words_are_numbers_and_texts_without_come_last() -> None:
    answers = [answer(at, pages=str(at + 1)) for at in range(12)] + [answer(12), answer(13, pages="")]
    assert [value for value, _, _ in shown(answers, "pages")] == ["1 to 3", "4 to 6", "7 to 9", "10 to 12", "no value"]


def test_few_different_numbers_are_slices_of_their_own() -> None:
    assert shown([answer(at, year=2020 + at % 2) for at in range(10)], "year") == [("2020", 5, 1.0), ("2021", 5, 1.0)]


def test_of_very_many_values_the_rare_ones_are_put_together() -> None:
    answers = [answer(at, author=f"A{at % 25}") for at in range(100)] + [
        answer(200 + at, author="A0") for at in range(9)
    ]
    found = shown(answers, "author")
    assert found[0] == ("A0", 13, 1.0) and found[-1] == ("5 other values", 20, 1.0) and len(found) == 21


def test_a_field_that_differs_in_every_text_says_so() -> None:
    found = sliced([answer(at, url=f"https://example.org/{at}") for at in range(60)], "url")
    assert not found.slices and "a value of its own" in found.why_none


def test_yes_and_no_are_read_as_such_and_lists_are_no_field() -> None:
    answers = [answer(0, signed=True, tags=["a"]), answer(1, signed=False, nested={"a": 1})]
    assert fields_of(answers) == [LENGTH, "signed"]
    assert shown(answers, "signed") == [("yes", 1, 1.0), ("no", 1, 1.0)]


@pytest.mark.parametrize(("n", "few"), [(19, True), (20, False)])
def test_a_small_slice_is_marked(n: int, few: bool) -> None:
    assert [one.is_few for one in sliced([answer(at) for at in range(n)], LENGTH).slices] == [few]


Metadata = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8), st.just([1]))


@given(st.lists(st.tuples(Metadata, st.booleans()), min_size=1, max_size=80))
def test_whatever_the_field_holds_every_text_is_in_one_slice(rows: list[tuple[Any, bool]]) -> None:
    answers = [answer(at, right=right, field=value) for at, (value, right) in enumerate(rows)]
    found = sliced(answers, "field")
    if found.slices:
        assert sum(one.n for one in found.slices) == len(answers)
        assert sum(round(one.accuracy.value * one.n) for one in found.slices) == sum(right for _, right in rows)
    else:
        assert found.why_none
