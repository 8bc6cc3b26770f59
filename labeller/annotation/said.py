"""An answer in the words of the page's language."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.utils.translation import gettext as _
from django.utils.translation import pgettext


def said(status: str, label_ids: Collection[int], names: Mapping[int, str]) -> str:
    """The labels' names, that none fits, or that there is no answer."""
    if status != "labelled":
        return said_of(status)
    return ", ".join(names.get(label, _("a deleted label")) for label in label_ids) or _("none of these")


def said_of(status: str) -> str:
    """An answer that gives no label."""
    words = {"skipped": pgettext("answer", "skipped"), "unsure": pgettext("answer", "unsure")}
    return words.get(status, status)
