"""What changed from one version of the guidelines to another, for people to read. Pure: from two versions to rows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from django.utils.translation import gettext as _

from labeller.numerals import whole

CONTEXT = 2  # unchanged lines shown around a change
WORDS_ALIKE = 0.4  # two lines less alike than this are shown whole, one struck out, one new


@dataclass(frozen=True)
class Piece:
    """Words of a line. `kind`: "same", "out" or "in"."""

    kind: str
    text: str


@dataclass(frozen=True)
class Line:
    """A line of the guidelines. `kind`: "same", "out", "in", "both" (changed within), or "gap" (lines left out)."""

    kind: str
    pieces: list[Piece]


@dataclass(frozen=True)
class LabelChange:
    """One label. `kind`: "added", "gone", "renamed" or "described"; the last two may come together as "both"."""

    kind: str
    name: str
    old_name: str = ""
    description: list[Piece] | None = None


@dataclass(frozen=True)
class Changes:
    lines: list[Line]  # of the guidelines' text; empty when it is the same
    labels: list[LabelChange]

    @property
    def sentence(self) -> str:
        """In a few words; for a list of versions."""
        added = [one.name for one in self.labels if one.kind == "added"]
        gone = [one.name for one in self.labels if one.kind == "gone"]
        described = [one.name for one in self.labels if one.description is not None and one.kind != "added"]
        renamed = [one for one in self.labels if one.old_name][:3]
        parts = [
            *([_("guidelines changed")] if self.lines else []),
            *([_("%(labels)s added") % {"labels": _some(added)}] if added else []),
            *([_("%(labels)s gone") % {"labels": _some(gone)}] if gone else []),
            *(_("“%(old)s” renamed to “%(new)s”") % {"old": one.old_name, "new": one.name} for one in renamed),
            *([_("description of %(labels)s changed") % {"labels": _some(described)}] if described else []),
        ]
        sentence = "; ".join(parts) or _("nothing changed")
        return sentence[0].upper() + sentence[1:] + "."


def changes(before: tuple[str, Sequence[dict[str, Any]]], after: tuple[str, Sequence[dict[str, Any]]]) -> Changes:
    """From (guidelines, labels) to (guidelines, labels), labels as a version keeps them."""
    return Changes(line_changes(before[0], after[0]), label_changes(before[1], after[1]))


def label_changes(before: Sequence[dict[str, Any]], after: Sequence[dict[str, Any]]) -> list[LabelChange]:
    """Those there now in their order, then those that went. A label is known by its id, whatever its name."""
    old, new = {label["id"]: label for label in before}, {label["id"] for label in after}
    found = []
    for label in after:
        was = old.get(label["id"])
        if was is None:
            said = word_changes("", label["description"]) if label["description"] else None
            found.append(LabelChange("added", label["name"], description=said))
            continue
        renamed, described = was["name"] != label["name"], was["description"] != label["description"]
        if renamed or described:
            kind = "both" if renamed and described else "renamed" if renamed else "described"
            said = word_changes(was["description"], label["description"]) if described else None
            found.append(LabelChange(kind, label["name"], was["name"] if renamed else "", said))
    return found + [LabelChange("gone", label["name"]) for label in before if label["id"] not in new]


def line_changes(before: str, after: str) -> list[Line]:
    """The changed lines with a little around them; none when the texts are the same."""
    old, new = before.splitlines(), after.splitlines()
    if old == new:
        return []
    found: list[Line] = []
    for group in SequenceMatcher(None, old, new).get_grouped_opcodes(CONTEXT):
        if found or group[0][1] > 0:
            found.append(Line("gap", []))
        for kind, i1, i2, j1, j2 in group:
            if kind == "equal":
                found += [Line("same", [Piece("same", line)]) for line in old[i1:i2]]
            else:
                found += _replaced(old[i1:i2], new[j1:j2])
    return found


def _replaced(old: list[str], new: list[str]) -> list[Line]:
    """Lines that are alike are shown as one with its words changed, the others one after the other."""
    paired = [
        Line("both", word_changes(was, now))
        if SequenceMatcher(None, was.split(), now.split()).ratio() >= WORDS_ALIKE
        else None
        for was, now in zip(old, new, strict=False)
    ]
    found: list[Line] = []
    for at, pair in enumerate(paired):
        found += [pair] if pair else [Line("out", [Piece("out", old[at])]), Line("in", [Piece("in", new[at])])]
    found += [Line("out", [Piece("out", line)]) for line in old[len(paired) :]]
    return found + [Line("in", [Piece("in", line)]) for line in new[len(paired) :]]


def word_changes(before: str, after: str) -> list[Piece]:
    """The words of both, each marked by where it stands."""
    old, new = _words(before), _words(after)
    found: list[Piece] = []
    for kind, i1, i2, j1, j2 in SequenceMatcher(None, old, new).get_opcodes():
        if kind == "equal":
            found.append(Piece("same", "".join(old[i1:i2])))
            continue
        found += [Piece("out", "".join(old[i1:i2]))] if i2 > i1 else []
        found += [Piece("in", "".join(new[j1:j2]))] if j2 > j1 else []
    return found


def _words(text: str) -> list[str]:
    """Words, blanks and marks, each by itself."""
    return re.findall(r"\w+|\s+|[^\w\s]", text)


def _some(names: list[str], most: int = 5) -> str:
    told, more = ", ".join(_("“%(name)s”") % {"name": name} for name in names[:most]), len(names) - most
    return _("%(names)s and %(more)s more") % {"names": told, "more": whole(more)} if more > 0 else told
