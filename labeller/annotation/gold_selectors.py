"""Reads about gold texts: which could be, which are, and how people answered them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from labeller.annotation.audit import reserve_below
from labeller.annotation.models import Annotation, GoldText, Source
from labeller.annotation.selectors import LABELS, GoldRow, LabelSet, decided, label_sets
from labeller.corpus.models import Document
from labeller.projects.models import Project
from labeller.proportions import Share

DOUBTED_FROM = 3  # answers


def labels_of(project: Project, document_ids: Collection[int]) -> Iterator[GoldRow]:
    """As `current_labels`, of these texts alone."""
    return decided(Annotation.objects.filter(project=project, superseded_at=None, document_id__in=document_ids))


def could_be_gold(
    project: Project, *, words: str = "", label_id: int | None = None, from_file: bool = False
) -> QuerySet[Document]:
    """Labelled texts that are not gold yet, newest first: holding these words, given this label, from a file."""
    answers = Annotation.objects.filter(LABELS, document=OuterRef("pk"), superseded_at=None)
    if label_id is not None:
        answers = answers.filter(Q(labels=label_id) | Q(labels__read_as=label_id))
    if from_file:
        answers = answers.filter(source=Source.IMPORT)
    texts = Document.objects.filter(Exists(answers), project=project, gold=None)
    return (texts.filter(text__icontains=words) if words else texts).order_by("-id")


@dataclass(frozen=True)
class Known:
    """A gold text, its known labels, and how people answered it."""

    pk: int
    text: str
    label_ids: LabelSet
    answered: int
    as_known: int
    waits: bool  # set apart for the audit and not drawn yet

    @property
    def is_doubtful(self) -> bool:
        """Most people say something else: perhaps they are right."""
        return self.answered >= DOUBTED_FROM and 2 * self.as_known <= self.answered


def known_texts(project: Project, gold: Collection[GoldText], pool_size: int) -> list[Known]:
    """These gold texts in their order. Four queries."""
    documents = {one.document_id: one for one in gold}
    known = _known_labels(documents)
    seen: Counter[int] = Counter()
    right: Counter[int] = Counter()
    for document_id, label_ids in _answers(project, documents):
        seen[document_id] += 1
        right[document_id] += label_ids == known[document_id]
    drawn = set(
        Annotation.objects.filter(LABELS, source=Source.AUDIT, superseded_at=None, document__in=documents).values_list(
            "document_id", flat=True
        )
    )
    below = reserve_below(project, pool_size)
    return [
        Known(
            pk=one.pk,
            text=one.document.text,
            label_ids=known[one.document_id],
            answered=seen[one.document_id],
            as_known=right[one.document_id],
            waits=one.document.draw < below and one.document_id not in drawn,
        )
        for one in gold
    ]


def _answers(project: Project, document_ids: Collection[int]) -> Iterator[tuple[int, LabelSet]]:
    rows = list(
        Annotation.objects.filter(
            project=project,
            document__in=document_ids,
            superseded_at=None,
            source=Source.GOLD,
            status=Annotation.Status.LABELLED,
        ).values_list("id", "document_id")
    )
    given = label_sets([pk for pk, _ in rows])
    return ((document_id, given.get(pk, ())) for pk, document_id in rows)


def _known_labels(document_ids: Collection[int]) -> dict[int, LabelSet]:
    """Document id -> its known labels, merged ones as what they became, sorted; empty where none applies."""
    sets: dict[int, set[int]] = {document_id: set() for document_id in document_ids}
    through = GoldText.labels.through._default_manager.filter(goldtext__document__in=document_ids)
    for document_id, label_id, read_as in through.values_list("goldtext__document_id", "label_id", "label__read_as_id"):
        sets[document_id].add(read_as or label_id)
    return {document_id: tuple(sorted(labels)) for document_id, labels in sets.items()}


@dataclass(frozen=True)
class Accuracy:
    """One person's answers to gold texts. Skipped and unsure ones are neither right nor wrong."""

    name: str
    answered: int
    right: int
    passed: int  # skipped or unsure

    @property
    def share(self) -> Share:
        return Share(self.right, self.answered)


def accuracies(project: Project, person_id: int | None = None) -> list[Accuracy]:
    """Of everybody who has met a gold text, or of this person alone; by name. Three queries."""
    met = Annotation.objects.filter(project=project, superseded_at=None, source=Source.GOLD).exclude(
        document__gold=None
    )
    if person_id is not None:
        met = met.filter(annotator_id=person_id)
    rows = list(met.values_list("annotator__username", "id", "document_id", "status"))
    given = label_sets([pk for _, pk, _, _ in rows])
    known = _known_labels({document_id for _, _, document_id, _ in rows})
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for name, pk, document_id, status in rows:
        if status != Annotation.Status.LABELLED:
            found[name]["passed"] += 1
        else:
            found[name]["answered"] += 1
            found[name]["right"] += given.get(pk, ()) == known[document_id]
    return [Accuracy(name, of["answered"], of["right"], of["passed"]) for name, of in sorted(found.items())]


def has_met_gold(project: Project, person_id: int) -> bool:
    """Whether there is anything to show this person."""
    met = Annotation.objects.filter(project=project, annotator_id=person_id, superseded_at=None, source=Source.GOLD)
    return met.filter(~Q(document__gold=None)).exists()
