"""What was stored in English is told in the page's language where its sentence is known."""

from __future__ import annotations

import pytest
from django.utils import translation

from labeller.retelling import retold

KNOWN = [
    "Not promoted: %(model)s is pinned. It would be: %(found)s",
    "The pool was not used: %(texts)s unlabelled texts are too few; %(needed)s are needed.",
    "%(right)s of %(n)s audit texts right, %(before)s before (p of being worse %(p)s).",
    "Model %(number)s",
    "the quick model",
]


@pytest.fixture(autouse=True)
def german():
    with translation.override("de"):
        yield


def test_a_known_sentence_is_said_anew_with_its_values():
    assert retold("the quick model", KNOWN) == "schnelles Modell"
    assert retold("Model 3", KNOWN) == "Modell 3"


def test_numbers_are_written_as_the_language_does():
    told = retold("12 of 12,345 audit texts right, 6 before (p of being worse 0.25).", KNOWN)
    assert told == "12 von 12.345 Audit-Texten richtig, vorher 6 (p, dass es schlechter ist: 0,25)."


def test_a_sentence_within_a_sentence_is_told_too():
    told = retold(
        "Not promoted: Model 3 is pinned. It would be: 9 of 9 audit texts right, 6 before (p of being worse 0.80).",
        KNOWN,
    )
    assert told.startswith("Nicht eingesetzt: Modell 3 ist festgehalten. Sonst wäre es: 9 von 9 Audit-Texten richtig")


def test_names_keep_their_letters_and_get_the_language_s_marks():
    note = ["Merged %(labels)s into “%(into)s”"]
    assert (
        retold("Merged “Court”, “Venue” into “Place: 50%”", note) == "„Court“, „Venue“ zu „Place: 50%“ zusammengelegt"
    )


@pytest.mark.parametrize("stored", ["", "OSError: No space left on device", "the quick models", "Model"])
def test_what_nobody_knows_stays_as_it_was_stored(stored):
    assert retold(stored, KNOWN) == stored


def test_english_stays_as_it_was_stored():
    with translation.override("en"):
        assert retold("12 of 12,345 audit texts right, 6 before (p of being worse 0.25).", KNOWN).startswith(
            "12 of 12,345"
        )
