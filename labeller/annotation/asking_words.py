"""Asking which words moved the suggestion for a text in one's hands."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from labeller.annotation.models import Lease
from labeller.annotation.moved_words import MovedWords
from labeller.annotation.signals import tell_words_asked
from labeller.annotation.suggestions import suggested
from labeller.projects.models import Project, User

LOST_AFTER = timedelta(seconds=20)  # asked and not answered for so long: the task was lost, ask again
STRENGTHS = 3  # shades of the marks


class WordsRefused(ValueError):
    """There is nothing to explain; the message says why."""


@dataclass(frozen=True)
class Piece:
    """A stretch of the text; `strength` 0: plain, 1 to 3: how much it moved the suggestion."""

    text: str
    strength: int


def ask_words(
    *, project: Project, annotator: User, lease_key: uuid.UUID, label_id: int | None = None, again: bool = False
) -> MovedWords:
    """The words for one of the labels that this person is shown with this text, the strongest where none is named:
    found already, or asked for now. What failed is tried once more when they ask `again`; a page that merely waits
    hears why it failed.

    Raises WordsRefused where the text is not theirs, or that suggestion is not shown with it.
    """
    lease = Lease.objects.filter(key=lease_key, project=project, annotator=annotator).select_related("document").first()
    if lease is None:
        raise WordsRefused(_("This text was not handed to you in this project. Reload the page for another one."))
    shown = suggested(project, lease)
    if not shown:
        raise WordsRefused(_("No suggestion is shown with this text, so there are no words behind it to show."))
    label = int(max(shown, key=shown.__getitem__)) if label_id is None else label_id
    if str(label) not in shown:
        raise WordsRefused(_("That label is not suggested for this text. Reload the page."))
    if not project.labels.filter(pk=label).exists():
        raise WordsRefused(_("The suggested label is not in this project any more."))
    return _asked(lease, label, again)


def pieces(text: str, spans: list[list[Any]]) -> list[Piece]:
    """The whole text in stretches, marked or plain: a page need not count characters as this server does."""
    made, at = [], 0
    strongest = max((by for _, _, by in spans), default=0.0)
    for start, end, by in spans:
        if start > at:
            made.append(Piece(text[at:start], 0))
        made.append(Piece(text[start:end], max(1, round(STRENGTHS * by / strongest))))
        at = end
    return [*made, Piece(text[at:], 0)] if at < len(text) else made


def _asked(lease: Lease, label_id: int, again: bool) -> MovedWords:
    now = timezone.now()
    same = MovedWords.objects.filter(document=lease.document_id, label=label_id, model_key=lease.model_key)
    found = same.first()
    if found is None:
        try:
            with transaction.atomic():
                found = MovedWords.objects.create(
                    document_id=lease.document_id, label_id=label_id, model_key=lease.model_key, asked_at=now
                )
                tell_words_asked(found.pk)
        except IntegrityError as error:  # asked from two pages at once, or the label was deleted a moment ago
            found = same.first()
            if found is None:
                raise WordsRefused(_("The suggested label is not in this project any more.")) from error
    elif (again and found.state == MovedWords.State.FAILED) or _lost(found):
        rows = MovedWords.objects.filter(pk=found.pk, asked_at=found.asked_at)
        with transaction.atomic():
            if rows.update(state=MovedWords.State.WAITING, asked_at=now, reason=""):
                tell_words_asked(found.pk)
        found.refresh_from_db()
    return found


def _lost(asked: MovedWords) -> bool:
    return asked.state == MovedWords.State.WAITING and timezone.now() - asked.asked_at > LOST_AFTER
