"""What was stored in English, told in the page's language.

Workers write sentences down: why a run failed, what was compared with what. They know no reader's language, and what is
stored stays as it was said. A page that shows such a sentence finds it in a table of the source's own messages, each
with named places, takes the values out of it, and says it anew. What no table has is shown as it was stored.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from django.conf import settings
from django.utils.translation import get_language, gettext

from labeller.numerals import decimal, whole

_PLACE = re.compile(r"%\((\w+)\)s")
_NUMBER = re.compile(r"(?P<whole>\d{1,3}(?:,\d{3})+|\d+)(?:\.(?P<places>\d+))?(?P<percent>%?)")
_QUOTED = re.compile(r"“([^”]*)”")
_SOURCE = "en"


def gettext_noop(message: str) -> str:
    """Marks a message for the translators. Django's own wants settings, which a benchmark's first process has none of;
    `make messages` knows both by their name."""
    return message


def retold(stored: str, messages: Iterable[str]) -> str:
    """`stored` in the active language. `messages` are msgids without `%`, but for their places `%(name)s`; the first
    that fits is taken, so the particular ones come first. Values that are sentences of the table are told anew too,
    and numbers are written as the language does."""
    language = get_language() or settings.LANGUAGE_CODE
    if not stored or language.split("-")[0] == _SOURCE:
        return stored
    return _retold(stored, tuple(messages))


def _retold(stored: str, messages: tuple[str, ...]) -> str:
    for message in messages:
        found = _pattern(message).fullmatch(stored)
        if found is None:
            continue
        values = {place: _value(value, messages) for place, value in found.groupdict().items()}
        return gettext(message) % values if values else gettext(message)
    return stored


def _value(value: str, messages: tuple[str, ...]) -> str:
    number = _NUMBER.fullmatch(value)
    if number is None:
        return _QUOTED.sub(lambda name: gettext("“%(name)s”") % {"name": name[1]}, _retold(value, messages))
    places, plain = number["places"] or "", number["whole"].replace(",", "")
    written = decimal(float(f"{plain}.{places}"), len(places)) if places else whole(int(plain))
    return gettext("%(number)s%%") % {"number": written} if number["percent"] else written


@lru_cache(maxsize=512)
def _pattern(message: str) -> re.Pattern[str]:
    """Text as it stands, places as groups. A place named twice has the same value both times."""
    parts, seen = _PLACE.split(message), set[str]()
    pattern = re.escape(parts[0])
    for name, text in zip(parts[1::2], parts[2::2], strict=True):
        pattern += f"(?P={name})" if name in seen else f"(?P<{name}>.+?)"
        pattern += re.escape(text)
        seen.add(name)
    return re.compile(pattern, re.DOTALL)
