"""A test file and what models said of it, made the way an import and a run would leave them."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils import timezone

from labeller.corpus import testset
from labeller.corpus.models import ImportJob
from labeller.corpus.normalise import text_hash
from labeller.learning import testscores
from labeller.learning.bridges.testscore import Answered, keep, test_figures
from labeller.learning.bridges.testscore import TestTexts as Material
from labeller.learning.models import ModelVersion
from labeller.projects.models import Project


def add_test_set(project: Project, gold: Sequence[str], *, name: str = "exam.csv") -> testset.TestSet:
    """A text for each of `gold`: labels by name, several joined by "+", none as ""."""
    job = ImportJob.objects.create(
        project=project, purpose="test", file_name=name, path="x", size=1, sha256="ab" * 32, state="done"
    )
    made = testset.TestSet.objects.create(
        project=project, job=job, name=name, sha256=job.sha256, n_texts=len(gold), ready_at=timezone.now()
    )
    for at, names in enumerate(gold):
        words = f"A text of the exam, number {at}, about {names or 'nothing'}."
        text = testset.TestText.objects.create(
            project=project,
            test_set=made,
            text=words,
            text_hash=text_hash(words),
            metadata={"country": ("Norway", "Italy")[at % 2]},
        )
        text.labels.set(project.labels.filter(name__in=names.split("+")))
    return made


def add_test_score(
    version: ModelVersion, made: testset.TestSet, said: Sequence[str], *, sure: float = 0.9
) -> testscores.TestScore:
    """What the version says of each text, `sure` of it."""
    texts = Material.of(made)
    columns = {name: at for at, name in enumerate(version.project.labels.values_list("name", flat=True))}
    ids = list(version.project.labels.values_list("pk", flat=True))
    given = [sorted(columns[name] for name in names.split("+") if name) for names in said]
    gold = [[ids.index(label) for label in labels] for labels in texts.gold]
    proba = [[round(sure if c in one else (1 - sure) / 2, 5) for c in range(len(ids))] for one in given]
    multi, seed = version.project.is_multi, version.seed
    figures = test_figures(len(ids), gold, given, proba, multi_label=multi, seed=seed)
    kept = keep(version, Answered(texts, ids, gold, given, proba, figures))
    assert kept is not None
    return kept


def mostly_right(gold: Sequence[str], *, every: int) -> list[str]:
    """The same answers, but every so many of them the label of the text before."""
    return [gold[at - 1] if at % every == 0 else names for at, names in enumerate(gold)]


GOLD = [("Change", "Court", "Other")[at % 3] for at in range(60)]
