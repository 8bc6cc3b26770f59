"""What every model said of one text of the test file."""

from __future__ import annotations

from collections.abc import Iterable

from labeller.corpus.testset import TestText
from labeller.insight.answers import Answer
from labeller.insight.texts import Said, said_of
from labeller.learning.testscores import TestAnswers
from labeller.projects.models import Label


def histories_on(text: TestText, labels: Iterable[Label]) -> list[Said]:
    """Newest version first. Three queries: the answers lie by model, so the database picks this text's place out of
    each row instead of sending them whole."""
    names = {label.pk: label.name for label in labels}
    place = TestText.objects.filter(test_set=text.test_set_id, pk__lt=text.pk).count()
    version, kept = "score__version", [f"{part}__{place}" for part in ("text_ids", "gold", "said", "probabilities")]
    rows = TestAnswers.objects.filter(score__test_set=text.test_set_id).order_by(f"-{version}__number")
    found = []
    for number, kind, ids, pk, gold, said, proba in rows.values_list(
        f"{version}__number", f"{version}__kind", "score__label_ids", *kept
    ):
        if pk != text.pk:  # not among the texts it was asked about
            continue
        given, answered = (frozenset(ids[column] for column in columns) for columns in (gold, said))
        one = Answer(pk, given, answered, dict(zip(ids, proba, strict=False)), 0, {})
        found.append(said_of(one, number, kind, names))
    return found
