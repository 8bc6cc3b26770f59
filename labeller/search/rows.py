"""The texts of one page of a list, with what is known of each. A fixed number of queries, whatever the page holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from labeller.annotation.models import BESIDE_ANSWERS, Annotation
from labeller.annotation.selectors import label_sets
from labeller.annotation.standing import Standing, standings
from labeller.corpus.highlighting import SNIPPET, Part, marked, snippet
from labeller.corpus.models import Document
from labeller.corpus.query import Term
from labeller.projects.models import Label, Membership, Project
from labeller.search.conditions import answers_seen

STATES = {  # what is said of a text that cannot simply be labelled
    Standing.HELD: _("In somebody else's hands now"),
    Standing.RESERVE: _("Set apart to measure the model; a label here ends that"),
    Standing.ANSWERED: _("Needs no more answers"),
    Standing.MEASURES: _("Yours on the labelling page"),
    Standing.GONE: _("No longer in the project"),
}


SERVED = {  # of a text that was served to this person: what they said there
    Annotation.Status.LABELLED: _("You answered it on the labelling page"),
    Annotation.Status.SKIPPED: _("You skipped it"),
    Annotation.Status.UNSURE: _("You were unsure of it"),
}


@dataclass(frozen=True)
class Answer:
    key: UUID
    mine: bool
    who: str
    status: str
    labels: list[Label]

    @property
    def is_label(self) -> bool:
        return self.status == Annotation.Status.LABELLED


@dataclass(frozen=True)
class TextState:
    """How a text stands: who has said what of it, and whether it may be labelled here."""

    pk: int
    answers: list[Answer]
    standing: Standing

    @property
    def mine(self) -> Answer | None:
        """This person's own answer, which can be changed on a page of its own."""
        return next((answer for answer in self.answers if answer.mine), None)

    @property
    def sentence(self) -> str:
        if self.answers and self.standing == Standing.RESERVE:
            return ""
        if self.standing == Standing.ANSWERED and any(answer.is_label for answer in self.answers):
            return ""  # by these
        if self.mine is not None and self.standing == Standing.MEASURES:
            return str(SERVED[Annotation.Status(self.mine.status)])
        return str(STATES.get(self.standing, ""))


@dataclass(frozen=True)
class Row:
    document: Document
    parts: list[Part]  # the snippet
    whole: list[Part]  # empty when the snippet is all
    state: TextState
    similarity: float | None
    by_words: bool  # whether it stands first for its words
    said: tuple[Label, int] | None  # the model's label, how sure in per cent

    @property
    def metadata(self) -> list[tuple[str, str]]:
        known = [("id", self.document.external_id)] if self.document.external_id else []
        return known + [(str(name), str(value)) for name, value in self.document.metadata.items()]


def states_of(
    project: Project, membership: Membership, ids: Sequence[int], labels: Sequence[Label]
) -> dict[int, TextState]:
    """Six queries."""
    by_id = {label.pk: label for label in labels}
    seen = answers_seen(project, membership).filter(document_id__in=ids).order_by("id")
    rows = list(seen.values("pk", "key", "document_id", "status", "source", "annotator_id", "annotator__username"))
    sets = label_sets([row["pk"] for row in rows])
    answers: dict[int, list[Answer]] = defaultdict(list)
    for row in rows:
        mine = row["annotator_id"] == membership.user_id and row["source"] not in BESIDE_ANSWERS
        given = [by_id[label] for label in sets.get(row["pk"], ()) if label in by_id]
        answers[row["document_id"]].append(Answer(row["key"], mine, row["annotator__username"], row["status"], given))
    stands = standings(project, membership.user, ids)
    return {pk: TextState(pk, answers[pk], stands[pk]) for pk in ids}


def rows_of(
    project: Project,
    membership: Membership,
    ids: Sequence[int],
    labels: Sequence[Label],
    *,
    terms: Sequence[Term] = (),
    similarity: Mapping[int, float] = MappingProxyType({}),
    by_words: Collection[int] = (),
) -> list[Row]:
    """The texts in this order; deleted ones drop out."""
    documents = Document.objects.filter(project=project, pk__in=ids).in_bulk()
    states = states_of(project, membership, ids, labels)
    said = _said(project, states, labels)
    found = []
    for pk in ids:
        if pk not in documents:
            continue
        text = documents[pk].text
        found.append(
            Row(
                documents[pk],
                parts=snippet(text, terms),
                whole=marked(text, terms) if len(text) > SNIPPET else [],
                state=states[pk],
                similarity=similarity.get(pk),
                by_words=pk in by_words,
                said=said.get(pk),
            )
        )
    return found


def may_see_model(project: Project, membership: Membership) -> bool:
    """Whether lists may be made by what the model says: where suggestions are hidden, so that nobody leans on them,
    only managers may."""
    return project.suggestions == Project.Suggestions.SHOWN or membership.may_manage


def _said(project: Project, states: dict[int, TextState], labels: Sequence[Label]) -> dict[int, tuple[Label, int]]:
    """What the model says of texts that are to be labelled: nothing where the project hides it, and nothing of those
    that measure the model, for who has seen it tends to agree."""
    free = [pk for pk, state in states.items() if state.standing == Standing.FREE]
    if project.suggestions != Project.Suggestions.SHOWN or not free:
        return {}
    from labeller.learning.bridges.answers import pool_answers

    answers, by_id = pool_answers(project), {label.pk: label for label in labels}
    if answers is None:
        return {}
    return {pk: (by_id[label], round(100 * p)) for pk, (label, p) in answers.likeliest(free).items() if label in by_id}
