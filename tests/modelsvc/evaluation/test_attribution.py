"""Which words moved an answer: by a reader whose every word is known, and by the real encoder."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelsvc.evaluation.attribution import MOST_READS, NAMED, log_odds, telling_run, words_that_mattered


def counting(*wanted, told=None):
    """A reader whose log-odds are the number of wanted words in a text."""

    def read(texts):
        if told is not None:
            told.extend(texts)
        return np.array([sum(float(text.lower().split().count(word)) for word in wanted) for text in texts])

    return read


def named(text, read):
    return [text[word.start : word.end] for word in words_that_mattered(text, read)]


class TestNaming:
    def test_the_words_that_speak_for_the_answer_are_named_in_the_order_of_the_text(self):
        text = "the court of Dublin hears every claim in court"
        assert named(text, counting("court", "claim")) == ["court", "claim", "court"]

    def test_words_that_speak_against_it_are_not(self):
        text = "good bad good"
        assert named(text, lambda texts: np.array([t.count("good") - 5.0 * t.count("bad") for t in texts])) == [
            "good",
            "good",
        ]

    def test_where_no_word_moved_anything_none_is_named(self):
        assert words_that_mattered("just some words", lambda texts: np.zeros(len(texts))) == []

    @pytest.mark.parametrize("text", ["", "   ", "?!…", "\n\n"])
    def test_a_text_without_words_has_none(self, text):
        assert words_that_mattered(text, counting("x")) == [] and telling_run(text, counting("x")) is None

    @pytest.mark.parametrize(("text", "letter"), [("这是法院的合同", "法"), ("ศาลที่มีอำนาจ", "ที่")])
    def test_a_script_without_blanks_is_taken_letter_by_letter_each_with_its_marks(self, text, letter):
        found = words_that_mattered(text, lambda texts: np.array([float(letter in t) for t in texts]))
        assert [text[word.start : word.end] for word in found] == [letter]

    def test_at_most_so_many_are_named(self):
        assert len(words_that_mattered("x " * 40, counting("x"))) == NAMED


class TestLongTexts:
    def test_one_word_of_ten_thousand_is_found_in_few_reads(self):
        words = ["filler"] * 10_000
        words[7_654] = "needle"
        told = []
        assert named(" ".join(words), counting("needle", told=told)) != []
        assert len(told) <= 2 * (1 + MOST_READS)

    def test_the_telling_run_holds_the_word_that_matters(self):
        text = " ".join(["filler"] * 300 + ["needle"] + ["filler"] * 300)
        run = telling_run(text, counting("needle"))
        assert run is not None and run.start <= text.index("needle") < run.end and run.end - run.start < len(text) / 8


@given(st.text(max_size=400), st.integers(0, 2**32 - 1))
def test_spans_never_overlap_and_always_lie_in_the_text(text, seed):
    rng = np.random.default_rng(seed)
    found = words_that_mattered(text, lambda texts: rng.normal(size=len(texts)))
    edges = [edge for word in found for edge in (word.start, word.end)]
    assert edges == sorted(edges) and all(0 <= edge <= len(text) for edge in edges)
    assert all(word.by > 0 for word in found) and len(found) <= NAMED


def test_log_odds_stay_finite_and_keep_the_order():
    odds = log_odds(np.array([0.0, 0.1, 0.5, 0.9, 1.0]))
    assert np.isfinite(odds).all() and (np.diff(odds) > 0).all() and odds[2] == 0


def test_with_the_real_encoder_leaving_out_the_named_words_costs_more_than_leaving_out_others(bundled):
    from modelsvc.heads.quick import fit_head, predict_proba
    from tests.learning.scene import KINDS

    kinds, texts = list(KINDS), [text for kind in KINDS.values() for text in kind]
    Y = np.repeat(np.eye(len(kinds), dtype=np.uint8), 10, axis=0)
    head = fit_head(bundled.encode(texts), Y, multi_label=False)
    rng = np.random.default_rng(0)
    named_cost, random_cost = [], []
    for at, text in enumerate(texts):
        column = at // 10

        def read(some, column=column):
            return log_odds(predict_proba(head, bundled.encode(list(some)))[:, column])

        found = words_that_mattered(text, read)[:3]
        words = text.split()
        others = rng.choice(len(words), min(len(found), len(words) - 1), replace=False)
        less = text
        for word in reversed(found):
            less = less[: word.start] + less[word.end :]
        at_random = " ".join(word for place, word in enumerate(words) if place not in others)
        whole, without, otherwise = read([text, less, at_random])
        named_cost.append(whole - without)
        random_cost.append(whole - otherwise)
    assert np.mean(named_cost) > 2 * np.mean(random_cost)
