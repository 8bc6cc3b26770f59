"""Gold texts: making them, taking them back, and how often one is slipped in."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction

from labeller.annotation.given_labels import checked_labels
from labeller.annotation.gold_selectors import labels_of
from labeller.annotation.models import Annotation, GoldText
from labeller.annotation.turn import turn
from labeller.corpus.models import Document
from labeller.projects.models import Project, User

MOST_AT_ONCE = 100
LARGEST_SHARE = 50  # per cent


def make_gold(*, project: Project, by: User, document: Document, label_ids: Collection[int]) -> GoldText:
    """Mark a text as gold with its known labels; one that is gold already gets these instead. A reviewer's decision is
    made gold by this too. Raises AnswerRefused when the labels do not fit the project."""
    with turn(project):  # none of the labels is deleted meanwhile
        return _made(project, by, document, label_ids)


def make_answers_gold(*, project: Project, by: User, document_ids: Collection[int]) -> list[GoldText]:
    """Mark these texts as gold, each with the labels that stand for it now. Those without any are passed over."""
    standing = {row.document_id: row.label_ids for row in labels_of(project, document_ids)}
    documents = Document.objects.filter(project=project, pk__in=standing)
    with turn(project):
        return [_made(project, by, document, standing[document.pk]) for document in documents]


def _made(project: Project, by: User, document: Document, label_ids: Collection[int]) -> GoldText:
    labels = checked_labels(project, Annotation.Status.LABELLED, label_ids)
    gold, _ = GoldText.objects.update_or_create(
        document=document, defaults={"made_by": by}, create_defaults={"project": project, "made_by": by}
    )
    gold.labels.set(labels)
    return gold


def take_back_gold(*, project: Project, pk: int) -> bool:
    """The text is an ordinary one again; what was answered stays and counts for nobody. False: there was none."""
    gold = GoldText.objects.filter(project=project, pk=pk)
    with transaction.atomic():
        # Deleting reads its labels first. Who gives it other ones at this moment holds the row, or waits for this.
        if not list(gold.select_for_update().values_list("pk")):
            return False
        gold.delete()
    return True


def change_share(*, project: Project, per_cent: int) -> None:
    """Of what each person is served, about this part is gold, as long as there is gold they have not seen."""
    project.gold_share = per_cent
    project.save(update_fields=["gold_share"])
