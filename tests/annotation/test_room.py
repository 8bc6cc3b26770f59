"""How much room a project's texts get on the labelling page."""

from __future__ import annotations

import pytest

from labeller.annotation.room import lines_of, room_for
from labeller.corpus.models import Document
from tests.cast import add_texts


@pytest.mark.parametrize(
    ("text", "lines"), [("", 1), ("A word.", 1), ("a" * 66, 1), ("a" * 67, 2), ("One.\n\nTwo.", 3), ("法" * 66, 2)]
)
def test_lines_are_counted_in_the_page_s_measure(text, lines):
    assert lines_of(text) == lines


def test_most_texts_are_seen_whole_and_a_rare_long_one_scrolls(project):
    add_texts(project, [f"Clause {number}." for number in range(19)] + ["A long clause. " * 200])
    assert room_for(project) == 4


def test_what_is_known_of_a_text_needs_room_too(project):
    add_texts(project, [f"Clause {number}: " + "of three lines. " * 10 for number in range(5)])
    assert room_for(project) == 4
    Document.objects.update(metadata={"where": "Ireland"})
    assert room_for(project) == 6


def test_long_texts_get_all_there_is(project):
    add_texts(project, [f"Clause {number}. " + "A long clause. " * 200 for number in range(5)])
    assert room_for(project) is None


def test_without_texts_there_is_nothing_to_make_room_for(project):
    assert room_for(project) is None
