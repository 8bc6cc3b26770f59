"""What was done to labels and guidelines, as a version's note keeps it: in English, told in the page's language."""

from __future__ import annotations

from django.utils.translation import gettext_noop

RESTORED = gettext_noop("Restored from version %(number)s")
DELETED = gettext_noop("Deleted “%(label)s”")
MERGED = gettext_noop("Merged %(labels)s into “%(into)s”")
UNMERGED = gettext_noop("Undid the merge into “%(into)s”")
NOTES = [
    RESTORED,
    DELETED,
    MERGED,
    UNMERGED,
    gettext_noop("As it was before versions"),
    # Noted by labeller/annotation/label_changes.py.
    gettext_noop("Split “%(label)s” into %(labels)s; it stays too"),
    gettext_noop("Split “%(label)s” into %(labels)s"),
    gettext_noop("“%(label)s” went: all its texts were looked at again"),
]
