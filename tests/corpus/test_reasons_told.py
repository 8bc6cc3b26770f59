"""Reasons are kept in English, and told in the language of the page that shows them."""

from __future__ import annotations

import re

import pytest
from django.utils.translation import gettext, override

from labeller.corpus import reasons
from labeller.corpus.reasons import in_words
from labeller.notices import sentences


@pytest.mark.parametrize("message", [*reasons.TABLE, *sentences._table()])
def test_each_sentence_is_known_again_with_its_values(message):
    """Also where another sentence is the beginning of it."""
    values = {name: f"Wert{at}" for at, name in enumerate(re.findall(r"%\((\w+)\)s", message))}
    stored = message % values if values else message
    told = sentences.in_words if message in sentences._table() else in_words
    with override("de"):
        assert told(stored) == (gettext(message) % values if values else gettext(message))
    with override("en"):
        assert told(stored) == stored


def test_a_reason_within_a_reason_and_its_numbers_are_told_too():
    reason = reasons.RUNS_ON % {"reason": reasons.LONG_CELL % {"most": "131,072"}, "line": 1200}
    with override("de"):
        assert in_words(reason) == (
            "eine Zelle hat mehr als 131.072 Zeichen; vielleicht wird ein Anführungszeichen nie geschlossen "
            "(der Eintrag reicht bis Zeile 1.200)"
        )


def test_an_unknown_reason_stays_as_it_is():
    with override("de"):
        assert in_words("it rains") == "it rains"
