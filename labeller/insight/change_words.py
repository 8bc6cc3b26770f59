"""What changed from one version of the guidelines to the next, in words. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from labeller.projects.changes import LabelChange

NAMED = 5  # labels named in one sentence

# What the code that changes labels notes beside a version, in English: pattern -> the same as a sentence with places.
# A look at a version that says "it stays too" is matched before the one that does not.
NOTES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"Merged (?P<gone>“.*”) into (?P<into>“.*”)"), gettext_noop("Merged %(gone)s into %(into)s.")),
    (
        re.compile(r"Split (?P<label>“.*?”) into (?P<into>“.*”); it stays too"),
        gettext_noop("Split %(label)s into %(into)s; it stays too."),
    ),
    (re.compile(r"Split (?P<label>“.*?”) into (?P<into>“.*”)"), gettext_noop("Split %(label)s into %(into)s.")),
    (re.compile(r"Undid the merge into (?P<into>“.*”)"), gettext_noop("Undid the merge into %(into)s.")),
    (re.compile(r"Deleted (?P<label>“.*”)"), gettext_noop("Deleted %(label)s.")),
    (
        re.compile(r"(?P<label>“.*”) went: all its texts were looked at again"),
        gettext_noop("%(label)s went: all its texts were looked at again."),
    ),
)
RESTORED = re.compile(r"Restored from version (?P<number>\d+)")


def sentence_of(note: str, by_label: Sequence[LabelChange], *, rewritten: bool) -> str:
    """The note where there is one: it says why labels came and went. Else what a comparison shows."""
    for pattern, words in NOTES:
        if found := pattern.fullmatch(note):
            return _(words) % {place: _requoted(names) for place, names in found.groupdict().items()}
    parts = _compared(by_label, rewritten=rewritten)
    if found := RESTORED.fullmatch(note):
        parts = [_("Restored from version %(number)s.") % found.groupdict(), *parts]
    elif note:
        parts = [note]  # cut off, or from a later version of this program
    return " ".join(parts)


def quoted(name: str) -> str:
    return _("“%(name)s”") % {"name": name}


def _requoted(names: str) -> str:
    """A note's names as the page's language quotes them."""
    return re.sub("“(.*?)”", lambda found: quoted(found[1]), names)


def _compared(by_label: Sequence[LabelChange], *, rewritten: bool) -> list[str]:
    added, gone = ([quoted(one.name) for one in by_label if one.kind == kind] for kind in ("added", "gone"))
    described = [quoted(one.name) for one in by_label if one.description is not None and one.kind != "added"]
    told = [_("Guidelines changed.")] if rewritten else []
    told += [_("Added %(labels)s.") % {"labels": _named(added)}] if added else []
    told += [_("Deleted %(label)s.") % {"label": _named(gone)}] if gone else []
    told += [
        _("Renamed “%(before)s” to “%(after)s”.") % {"before": one.old_name, "after": one.name}
        for one in by_label
        if one.old_name
    ][:NAMED]
    told += [_("Described anew: %(labels)s.") % {"labels": _named(described)}] if described else []
    return told


def _named(names: list[str]) -> str:
    listed, more = ", ".join(names[:NAMED]), len(names) - NAMED
    if more <= 0:
        return listed
    return ngettext("%(labels)s and %(more)d more", "%(labels)s and %(more)d more", more) % {
        "labels": listed, "more": more,
    }  # fmt: skip
