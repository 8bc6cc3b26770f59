"""Reads: the truth of a text, a person's progress, the last answers, the counts of the overview."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from django.db.models import Avg, Count, F, Q, QuerySet, Value
from django.db.models.functions import Coalesce, Least, Left
from django.utils import timezone

from labeller.annotation.models import AT_ONCE, BESIDE_ANSWERS, NOT_ALONE, NOT_TAKEN_BACK, Annotation, Source
from labeller.corpus.models import Document
from labeller.projects.models import Label, Project, User

CHUNK = 2000
# An answer to a gold text tells of the person who gave it, not of the text.
LABELS = Q(status=Annotation.Status.LABELLED) & ~Q(source=Source.GOLD)
LabelSet = tuple[int, ...]
Reading = tuple[int, LabelSet]  # who, and the labels they gave


@dataclass(frozen=True)
class GoldRow:
    """What the people say of one text. `label_ids` is sorted; empty means "none of these" (several labels per text)."""

    document_id: int
    label_ids: LabelSet
    source: str
    created_at: datetime
    is_audit: bool  # somebody answered it because it was drawn at random: it may score a model, and never tunes one
    annotation_ids: tuple[int, ...]  # the current answers it was decided by
    readings: tuple[Reading, ...] = ()  # where several people read it and nobody has decided it

    def with_labels(self, label_ids: LabelSet) -> GoldRow:
        return replace(self, label_ids=label_ids)


@dataclass(frozen=True)
class _Vote:
    """An answer with labels; or one without, given in the audit, which tells that the text was drawn at random."""

    id: int
    document_id: int
    annotator_id: int
    source: str
    created_at: datetime
    has_labels: bool
    label_ids: LabelSet


def current_labels(project: Project) -> Iterator[GoldRow]:
    """One row per labelled text, in the order of document ids, read in chunks.

    What was decided in the review. Else with several annotators the label set that most of them gave; a tie goes to a
    person's reading before a file's, then to the newest answer. Skipped and unsure answers, and answers to gold texts,
    are no votes. A text that somebody answered in the audit stays in it whatever is imported afterwards, and labels of
    a file have no say in its gold; one that they could not answer is in it once it is decided. The row's source and
    time are those of the text's first reading, which say how and when it came, not who had the last word.
    """
    return decided(Annotation.objects.filter(project=project, superseded_at=None))


def decided(answers: QuerySet[Annotation]) -> Iterator[GoldRow]:
    """As `current_labels`, by these answers, of which no text has two of one person."""
    return _rows(_votes(answers))


def labels_by(project: Project, annotation_ids: Collection[int], known: Collection[int]) -> Iterator[GoldRow]:
    """As `current_labels`, by these answers alone, whatever has superseded them since, with the labels `known` then:
    what was known at the moment when they were the current ones. A merge since does not count, an earlier one does."""
    wanted = set(annotation_ids)
    answers = Annotation.objects.filter(project=project, id__lte=max(wanted, default=0))
    read_as = labels_then(project.pk, known)
    votes = (vote for vote in _votes(answers, read_as) if vote.id in wanted)
    yield from _rows(votes)


def _rows(votes: Iterator[_Vote]) -> Iterator[GoldRow]:
    for document_id, group in groupby(votes, key=lambda vote: vote.document_id):
        answers = list(group)
        labelled = [vote for vote in answers if vote.has_labels]
        decision = next((vote for vote in reversed(labelled) if vote.source == Source.REVIEW), None)
        if decision is not None:
            yield _decided(document_id, decision, answers)
        elif labelled:
            yield _voted(document_id, labelled)


def _decided(document_id: int, decision: _Vote, answers: list[_Vote]) -> GoldRow:
    first = _first_reading([vote for vote in answers if vote.has_labels]) or decision
    is_audit = any(vote.source == Source.AUDIT for vote in answers)
    ids = tuple(vote.id for vote in answers)
    return GoldRow(document_id, decision.label_ids, first.source, first.created_at, is_audit, ids)


def _voted(document_id: int, votes: list[_Vote]) -> GoldRow:
    is_audit = any(vote.source == Source.AUDIT for vote in votes)
    ids = tuple(vote.id for vote in votes)
    if is_audit:
        votes = [vote for vote in votes if vote.source != Source.IMPORT]
    counts = Counter(vote.label_ids for vote in votes)
    read = {vote.label_ids for vote in votes if vote.source != Source.IMPORT}
    winner = max(votes, key=lambda vote: (counts[vote.label_ids], vote.label_ids in read, vote.created_at, vote.id))
    readings = tuple((vote.annotator_id, vote.label_ids) for vote in votes if vote.source not in NOT_ALONE)
    several = readings if len(readings) > 1 else ()
    first = _first_reading(votes) or winner
    return GoldRow(document_id, winner.label_ids, first.source, first.created_at, is_audit, ids, several)


def _first_reading(votes: list[_Vote]) -> _Vote | None:
    return next((vote for vote in votes if vote.source not in BESIDE_ANSWERS), None)


def _votes(answers: QuerySet[Annotation], read_as: Mapping[int, int] | None = None) -> Iterator[_Vote]:
    """Of these answers the labelled, and all of the audit, by document, then id; labels are read as in `label_sets`.
    Pages by key, so no cursor stays open between chunks."""
    labelled = answers.filter(LABELS | Q(source=Source.AUDIT)).order_by("document_id", "id")
    after_document, after_id = 0, 0
    while True:
        page = labelled.filter(document_id__gte=after_document).exclude(document_id=after_document, id__lte=after_id)
        rows = list(page.values_list("id", "document_id", "annotator_id", "source", "created_at", "status")[:CHUNK])
        if not rows:
            return
        labels = label_sets([row[0] for row in rows], read_as)
        for id_, document_id, annotator_id, source, created_at, status in rows:
            has_labels = status == Annotation.Status.LABELLED
            yield _Vote(id_, document_id, annotator_id, source, created_at, has_labels, labels.get(id_, ()))
        after_id, after_document = rows[-1][0], rows[-1][1]


def label_sets(annotation_ids: list[int], read_as: Mapping[int, int] | None = None) -> dict[int, LabelSet]:
    """Annotation id -> its label ids, sorted. Annotations without labels are absent.

    A merged label is read as the one it became; with `read_as` labels are read as that says instead: `{}` as they were
    given. One query.
    """
    sets: dict[int, set[int]] = {}
    through = Annotation.labels.through._default_manager.filter(annotation_id__in=annotation_ids)
    label = Coalesce("label__read_as_id", "label_id") if read_as is None else F("label_id")
    for annotation_id, label_id in through.values_list("annotation_id", label):
        sets.setdefault(annotation_id, set()).add(label_id if read_as is None else read_as.get(label_id, label_id))
    return {annotation_id: tuple(sorted(labels)) for annotation_id, labels in sets.items()}


def labels_then(project_id: int, known: Collection[int]) -> dict[int, int]:
    """Label id -> what it was read as when these labels were the known ones: its merges are followed until one of them
    is met. Labels that lead to none are absent."""
    merged = dict(
        Label.everything.filter(project_id=project_id).exclude(merged_into=None).values_list("pk", "merged_into_id")
    )
    found = {}
    for label in merged.keys() - set(known):
        end: int | None = label
        while end is not None and end not in known:
            end = merged.get(end)
        if end is not None:
            found[label] = end
    return found


@dataclass(frozen=True)
class Progress:
    """What one person did today, and how far the project is."""

    today: int
    seconds_each: float | None  # mean of today's answers; each counts five minutes at most: a coffee is not work
    labelled: int  # texts with at least one label set
    texts: int


def progress(project: Project, annotator: User) -> Progress:
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    mine = Annotation.objects.filter(
        project=project, annotator=annotator, created_at__gte=midnight, superseded_at=None
    ).exclude(source__in=BESIDE_ANSWERS)
    day = mine.aggregate(
        today=Count("id", filter=Q(status=Annotation.Status.LABELLED)), seconds=Avg(Least("seconds", Value(300.0)))
    )
    return Progress(
        today=day["today"],
        seconds_each=day["seconds"],
        labelled=labelled_texts(project),
        texts=Document.objects.filter(project=project).count(),
    )


def labelled_texts(project: Project) -> int:
    return Annotation.objects.filter(LABELS, project=project, superseded_at=None).values("document").distinct().count()


def audit_texts_carrying(project: Project) -> int:
    """Texts that somebody gave at least one label in the audit, as their answers are now. One query."""
    answers = Annotation.objects.filter(project=project, superseded_at=None, source=Source.AUDIT, labels__isnull=False)
    return answers.values("document").distinct().count()


def answers_with_labels(project: Project) -> int:
    """Current answers that give labels, or say that none fits. One query."""
    return Annotation.objects.filter(project=project, superseded_at=None, status=Annotation.Status.LABELLED).count()


@dataclass(frozen=True)
class LastAnswer:
    key: str
    text: str
    status: str
    label_ids: LabelSet


def last_answers(project: Project, annotator: User, count: int) -> list[LastAnswer]:
    """This person's newest answers that an undo would take back, newest first; texts cut to their first words."""
    rows = list(
        Annotation.objects.filter(NOT_TAKEN_BACK, ~AT_ONCE, project=project, annotator=annotator)
        .exclude(source__in=BESIDE_ANSWERS)
        .order_by("-created_at", "-id")
        .annotate(head=Left("document__text", 90))
        .values_list("id", "key", "status", "head")[:count]
    )
    labels = label_sets([row[0] for row in rows])
    return [LastAnswer(str(key), head, status, labels.get(id_, ())) for id_, key, status, head in rows]


def label_counts(project: Project) -> list[tuple[Label, int]]:
    """Every label with the number of current answers that give it, or a label that was merged into it. Two queries."""
    through = Annotation.labels.through._default_manager.filter(
        annotation__project=project, annotation__superseded_at=None, annotation__status=Annotation.Status.LABELLED
    ).exclude(annotation__source=Source.GOLD)
    counts = through.values(read=Coalesce("label__read_as_id", "label_id")).annotate(
        given=Count("annotation_id", distinct=True)
    )
    given = dict(counts.values_list("read", "given"))
    return [
        (label, given.get(label.pk, 0)) for label in Label.objects.filter(project=project).order_by("position", "id")
    ]
