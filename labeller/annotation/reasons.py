"""Why a text was asked, in the page's language.

Reasons are stored in English as they were given, with the labels' names of that moment (decision 0023). Here the
sentences are known by which they were made; one that is not, from an older version say, is shown as it is stored.
"""

from __future__ import annotations

import re
from functools import cache

from django.utils.translation import gettext, gettext_noop

KNOWN = (
    gettext_noop("Drawn at random, to measure the model honestly"),
    gettext_noop("Drawn at random"),
    gettext_noop("In random order, until a model has read the texts"),
    gettext_noop("In random order: no worker is running to put the texts in order"),
    gettext_noop("Another look: “%(label)s” was split"),
    gettext_noop("Another look at a text labelled “%(label)s”"),
    gettext_noop("Asked because it wants an answer from another person too"),
    gettext_noop("Asked because few texts like it have been labelled"),
    gettext_noop("Asked at random, to find what the model does not expect"),
    gettext_noop("Asked at random"),
    gettext_noop("Asked because there is no model yet"),
    gettext_noop("Asked because few texts have been labelled"),
    gettext_noop("Asked because the model is unsure whether %(label)s applies"),
    gettext_noop("Asked because the model hesitates between %(first)s and %(second)s"),
    gettext_noop("Asked because %(label)s is rare and this may be an example"),
    gettext_noop("Asked because the model never answers %(label)s and this may be an example"),
    gettext_noop("Asked because it stands for a group of similar texts"),
    gettext_noop("Asked because it stands for a group of similar texts, and perhaps for %(label)s"),
    gettext_noop("Asked because it is far from every text labelled so far"),
    gettext_noop("Asked because models taught on parts of the labels disagree whether %(label)s applies"),
    gettext_noop("Asked because models taught on parts of the labels know little of texts like it"),
    gettext_noop("Asked because models taught on parts of the labels are split between %(first)s and %(second)s"),
)


def in_words(reason: str) -> str:
    """The reason as the page says it. Names of labels stay as they are; of two joined by "and" the first is taken to
    end at the first one."""
    if reason in KNOWN:
        return gettext(reason)
    for sentence, pattern in _patterns():
        if found := pattern.fullmatch(reason):
            return gettext(sentence) % found.groupdict()
    return reason


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    made = []
    for sentence in KNOWN:
        if "%(" in sentence:
            parts = re.split(r"%\((\w+)\)s", sentence)
            spelt = (f"(?P<{part}>.+?)" if at % 2 else re.escape(part) for at, part in enumerate(parts))
            made.append((sentence, re.compile("".join(spelt), re.DOTALL)))
    return made
