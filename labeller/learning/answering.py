"""Answering a page that waits for the words behind a suggestion: found, or a sentence why not."""

from __future__ import annotations

import structlog

from labeller.annotation.moved_words import MovedWords
from labeller.learning.bridges.attribution import NoModel, find_words

log = structlog.get_logger(__name__)

FAILED = "The words could not be found: {}."


def answer_words(words_id: int) -> None:
    """Find the words of one request. Run twice it finds the row answered, and returns."""
    asked = MovedWords.objects.select_related("document__project").filter(pk=words_id).first()
    if asked is None or asked.state != MovedWords.State.WAITING:
        return
    try:
        find_words(asked)
    except NoModel as told:
        _failed(asked, str(told))
    except Exception as error:
        log.exception("words_not_found", words=words_id)
        _failed(asked, FAILED.format(f"{type(error).__name__}: {error}"))


def _failed(asked: MovedWords, reason: str) -> None:
    rows = MovedWords.objects.filter(pk=asked.pk, asked_at=asked.asked_at)
    rows.update(state=MovedWords.State.FAILED, reason=reason[:300])
