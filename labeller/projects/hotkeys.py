"""Which keys labels may have: 1 to 9, then the letters that the labelling page does not need for itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.utils.translation import gettext_noop

RESERVED = {
    "z": gettext_noop("undoes the last answer"),
    "s": gettext_noop("skips the text"),
    "u": gettext_noop("says unsure"),
    "c": gettext_noop("opens the comment"),
    "j": gettext_noop("scrolls the text down"),
    "k": gettext_noop("scrolls the text up"),
    "h": gettext_noop("shows your earlier answers"),
    "w": gettext_noop("marks the words behind the suggestion"),
}
KEYS = tuple("123456789") + tuple(letter for letter in "abcdefghijklmnopqrstuvwxyz" if letter not in RESERVED)


def free_keys(used: Iterable[str]) -> Iterator[str]:
    """Keys not yet used, in the order in which they are handed out. Labels past the last have none."""
    taken = set(used)
    return (key for key in KEYS if key not in taken)
