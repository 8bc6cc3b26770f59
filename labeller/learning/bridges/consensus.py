"""Several people's answers as arrays, and the one that their disagreements come to. What a text teaches follows from
its answers alone, so that a model can be made again from the ids of these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from labeller.annotation.selectors import GoldRow, LabelSet, Reading
from modelsvc.annotators.answers import Answers
from modelsvc.annotators.consensus import Settled, settle
from modelsvc.types import Targets


@dataclass(frozen=True)
class Readings:
    """Answers to texts that several people read, with the numbers behind their rows."""

    answers: Answers
    document_ids: list[int]  # by the answers' text
    people: list[int]  # user ids, ascending, by the answers' person


def readings_of(rows: Sequence[tuple[int, Sequence[Reading]]], label_ids: list[int]) -> Readings:
    """From (document id, its readings), columns in the order of `label_ids`; labels that are gone are left out."""
    column = {label_id: at for at, label_id in enumerate(label_ids)}
    people = sorted({person for _, readings in rows for person, _ in readings})
    number = {person: at for at, person in enumerate(people)}
    found = [(at, number[person], labels) for at, (_, readings) in enumerate(rows) for person, labels in readings]
    Y = np.zeros((len(found), len(label_ids)), np.uint8)
    for row, (_, _, labels) in enumerate(found):
        Y[row, [column[label] for label in labels if label in column]] = 1
    text, person = (np.array([one[part] for one in found], np.int64) for part in (0, 1))
    return Readings(Answers(text, person, Y), [document_id for document_id, _ in rows], people)


def usable(readings: Readings, *, multi_label: bool) -> Readings:
    """With one label a text, without answers whose label is gone: they are no answer any more."""
    if multi_label:
        return readings
    return Readings(readings.answers.only(readings.answers.Y.sum(axis=1) == 1), readings.document_ids, readings.people)


def settled(rows: list[GoldRow], label_ids: list[int], *, multi_label: bool) -> list[GoldRow]:
    """The same rows; where people disagree, and enough is known of how reliable each is, with the labels that are
    likeliest true (modelsvc/annotators/consensus.py). What was decided in the review stays."""
    several = [(row.document_id, row.readings) for row in rows if row.readings]
    if not several:
        return rows
    readings = usable(readings_of(several, label_ids), multi_label=multi_label)
    found = settle(readings.answers, multi_label=multi_label)
    labels = labels_of(found, readings, label_ids)
    return [row.with_labels(labels[row.document_id]) if row.document_id in labels else row for row in rows]


def labels_of(found: Settled, readings: Readings, label_ids: list[int]) -> dict[int, LabelSet]:
    """Document id -> the labels that its disagreement came to."""
    return {
        readings.document_ids[text]: _label_set(answer, label_ids)
        for text, answer in zip(found.text, found.Y, strict=True)
    }


def _label_set(answer: Targets, label_ids: list[int]) -> LabelSet:
    return tuple(sorted(label_ids[column] for column in np.flatnonzero(answer)))
