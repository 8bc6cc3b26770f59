"""Which words moved a suggestion: the model of this moment reads the text again, each time without a part of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from django.utils.translation import gettext_noop
from numpy.typing import NDArray

from labeller.annotation.moved_words import MovedWords
from labeller.learning.bridges.pool import reader_of
from labeller.learning.bridges.versions import load_head
from labeller.learning.bridges.words import views_for
from labeller.learning.models import ModelVersion
from labeller.learning.reading_child import read_now
from labeller.learning.selectors import newest_quick_version
from labeller.projects.models import Project
from modelsvc.evaluation.attribution import Read, log_odds, telling_run, words_that_mattered
from modelsvc.heads.quick import predict_proba

LONG = 1200  # characters: from here on a text does not fit on a screen, and its most telling place is looked for
MOST_CHARACTERS = 20_000  # of a text; the encoder's window ends long before


class NoModel(Exception):
    """There is no model to ask; the sentence says why."""


def find_words(asked: MovedWords) -> None:
    """Find the words and write them into the row. Raises NoModel, ReadingFailed."""
    document = asked.document
    text = document.text[:MOST_CHARACTERS]
    read = _reader(document.project, asked.label_id)
    spans = words_that_mattered(text, read)
    telling = telling_run(text, read) if len(text) >= LONG else None
    MovedWords.objects.filter(pk=asked.pk, asked_at=asked.asked_at).update(
        state=MovedWords.State.READY,
        spans=[[span.start, span.end, round(span.by, 4)] for span in spans],
        telling=[telling.start, telling.end] if telling else None,
    )


def _reader(project: Project, label_id: int) -> Read:
    """Texts -> log-odds of the label, by the newest stored head over the encoder that serves."""
    reader = reader_of(project)
    version: ModelVersion | None = newest_quick_version(project.pk, base=reader.base, encoder=reader.encoder)
    version = version or reader.base
    if version is None or label_id not in version.label_ids:
        raise NoModel(gettext_noop("No stored model knows this label yet. It will after a few more answers."))
    head, column, folder = load_head(version), version.label_ids.index(label_id), reader.encoder_folder()

    def read(texts: Sequence[str]) -> NDArray[np.float64]:
        return log_odds(predict_proba(head, views_for(head, read_now(folder, texts), texts))[:, column])

    return read
