"""Which keys labels may have: 1 to 9, then the letters that the labelling page does not need for itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

RESERVED = {
    "z": "undoes the last answer",
    "s": "skips the text",
    "u": "says unsure",
    "c": "opens the comment",
    "j": "scrolls the text down",
    "k": "scrolls the text up",
    "h": "shows your earlier answers",
    "w": "marks the words behind the suggestion",
}
KEYS = tuple("123456789") + tuple(letter for letter in "abcdefghijklmnopqrstuvwxyz" if letter not in RESERVED)


def free_keys(used: Iterable[str]) -> Iterator[str]:
    """Keys not yet used, in the order in which they are handed out. Labels past the last have none."""
    taken = set(used)
    return (key for key in KEYS if key not in taken)
