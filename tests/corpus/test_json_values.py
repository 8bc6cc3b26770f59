"""A line that is no JSON is refused in the house's own words, whatever Python says of it."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from labeller.corpus import reasons
from labeller.corpus.json_values import FAULTS, NoJson, fault, json_value
from labeller.corpus.reasons import in_words

LINES = [
    ("", 1, reasons.NO_VALUE),
    ("no end", 1, reasons.NO_VALUE),
    ("{'clause': 1}", 2, reasons.NO_NAME),
    ('{"clause" 1}', 11, reasons.NO_COLON),
    ('{"clause": "one" "two"}', 18, reasons.NO_COMMA),
    ('{"clause": "one"', 17, reasons.NO_COMMA),
    ('{"clause": "one"} {}', 19, reasons.MORE_BEHIND),
    ('{"clause": "no end quote}\n', 12, reasons.OPEN_STRING),
    ('{"clause": "a\tb"}', 14, reasons.CONTROL_CHARACTER),
    ('{"clause": "\\u12"}', 14, reasons.ODD_CODE),
    ('{"clause": "C:\\dir"}', 15, reasons.ODD_ESCAPE),
]


@pytest.mark.parametrize(("line", "at", "said"), LINES)
def test_the_character_is_named_with_what_is_wrong_there(line: str, at: int, said: str) -> None:
    with pytest.raises(NoJson) as refused:
        json_value(line)
    assert str(refused.value) == f"not valid JSON at character {at}: {said}"


@pytest.mark.parametrize("message", [*FAULTS, "A rule that Python has yet to find"])
def test_each_is_told_in_german_too(message: str) -> None:
    stored = reasons.NO_JSON_AT % {"reason": fault(message), "at": 40}
    with override("de"):
        told = in_words(stored)
    assert told.startswith("kein gültiges JSON bei Zeichen 40: ") and fault(message) not in told


def test_what_python_words_anew_gets_a_plain_sentence() -> None:
    assert fault("A rule that Python has yet to find") == "it cannot be read from here on"


def test_a_comma_before_the_end_is_refused_in_any_python() -> None:
    """From 3.13 on it is a message of its own."""
    with pytest.raises(NoJson, match=r"a name in double quotation marks|no comma may stand before"):
        json_value('{"clause": "one",}')
