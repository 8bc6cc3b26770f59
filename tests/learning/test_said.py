"""Every sentence that workers write down about a run has its like in the table by which pages translate it."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import numpy as np
import pytest
from django.utils import translation

import modelsvc
from labeller.learning.bridges.later import _by_halves, _too_few_later, _too_few_to_order
from labeller.learning.bridges.plain import _counts
from labeller.learning.bridges.promotion import compare
from labeller.learning.bridges.versions import CROSS_FITTED, NOT_SCORED, AuditScore
from labeller.learning.bridges.versions import in_words as head_in_words
from labeller.learning.runs import DIED_TWICE
from labeller.learning.said import in_words
from modelsvc.evaluation.paired import Comparison
from modelsvc.full_run.halves_facts import PSEUDO
from modelsvc.full_run.pool_gate import JUDGES, learnt_from_pool, too_little, worse_than_frozen
from modelsvc.full_run.recipe_config import RecipeConfig, teacher_for
from modelsvc.full_run.teacher import Task
from modelsvc.tuning.descent import NO_NUMBER
from modelsvc.types import Head, silent


def score(right: list[int], *, multi: bool = False) -> AuditScore:
    gold = np.zeros((len(right), 2), np.uint8)
    gold[: 2 if multi else len(right), 0] = 1  # with several labels most texts carry none
    predicted = np.where(np.array(right, bool)[:, None], gold, 1 - gold).astype(np.uint8).reshape(len(right), 2)
    return AuditScore(np.arange(len(right)), gold.astype(np.float32), predicted, gold, {}, "")


def decisions() -> list[str]:
    many, few, bad = [1] * 12, [1] * 9, [0] * 6 + [1] * 6
    return [
        compare(score(few), score(few))[0],
        compare(score(many), score(many))[0],
        compare(score(bad), score(many))[0],
        compare(score(many, multi=True), score(many, multi=True), multi_label=True)[0],
    ]


def of_the_pool() -> list[str]:
    def task(n: int, *, multi: bool = False) -> Task:
        Y = np.eye(2, dtype=np.uint8)[np.arange(n) % 2]
        return Task("nowhere", [""] * n, Y, multi_label=multi, threads=1, seed=0, on_progress=silent)  # type: ignore[arg-type]

    use, leave = RecipeConfig(), RecipeConfig(use_pool=False)
    few = [too_little(task(40, multi=True), use, 900), too_little(task(4), use, 900), too_little(task(40), use, 3)]
    return [too_little(task(40), leave, 900), *few, worse_than_frozen(HALVES)]


def of_the_students() -> list[str]:
    return [learnt_from_pool(2000, 0.87, judge) for judge in JUDGES]


def of_the_teacher() -> list[str]:
    def why(n: int, kinds: int, *, multi: bool = False) -> str:
        Y = np.eye(kinds, dtype=np.uint8)[np.arange(n) % kinds]
        return teacher_for(RecipeConfig(), Y, multi_label=multi)[1]

    return [why(40, 2), why(40, 2, multi=True), why(4000, 2), why(30, 29)]


def of_the_head() -> list[str]:
    weights, bias = np.zeros((4, 2), np.float32), np.zeros(2, np.float32)
    return [head_in_words(Head(weights, bias, False, pool_share=share)) for share in (0.0, 2.0)]


def stages_of_the_recipe() -> list[str]:
    """What modelsvc tells of its progress: the first word of each call that tells it, read from the source, since some
    stages are told in long runs only."""
    found: set[str] = set()
    root = Path(modelsvc.__file__).parent
    for file in root.rglob("*.py"):
        module = ".".join(("modelsvc", *file.relative_to(root).with_suffix("").parts))
        for call in ast.walk(ast.parse(file.read_text())):
            if not isinstance(call, ast.Call) or not call.args:
                continue
            name = getattr(call.func, "id", getattr(call.func, "attr", ""))
            if name in {"Progress", "standing", "looking", "Course"}:
                found.update(_words(call.args[0], module))
            elif name in {"told_between_layers", "in_training"}:
                found.update(_words(call.args[1], module))
    return sorted(found)


def _words(stage: ast.expr, module: str) -> list[str]:
    if isinstance(stage, ast.Constant):
        return [str(stage.value)]
    if getattr(stage, "id", getattr(stage, "attr", "")) == "stage":
        return []  # handed on: its caller is found as well
    assert isinstance(stage, ast.Name), f"{module} tells a stage that is made up of others: {ast.unparse(stage)}"
    return [getattr(importlib.import_module(module), stage.id)]


STAGES = [
    "Waiting for the worker",
    "fine-tuning (1,234 labels, 40 kept for the audit)",
    "comparing texts (32 labels)",
    "reading embedding",
    "reading with legal-bert",
    "reading the test file: embedding",
    "reading the test file: 1,024 of 9,000 texts",
    "reading 1,024 of 9,000 texts",
    "1,024 of 9,000 texts",
]
HALVES = {"labels": 1234, "halves_right": 40, "halves_right_frozen": 70, "halves_p": 0.01}
RANKED = {"labels": 1234, "halves_precision": 0.41, "halves_precision_frozen": 0.7, "halves_p": 0.01}
PINNED = "Not promoted: Model 3 is pinned. It would be: 12 of 12 audit texts right, 6 before (p of being worse 0.02)."
BESIDE_PLAIN = [
    said.format(counts=counts)
    for multi in (False, True)
    for what in ("audit texts right", "labels given since it learnt foretold")
    for counts in (_counts(Comparison(30, 16, 23, 0.5, 0.6, 0.03), what, multi),)
    for said in (
        "Not promoted: {counts} The model before goes on serving; more labels usually mend this.",
        decisions()[2] + " Model 8 gives way to the encoder as it came: {counts}",
        str(_by_halves(HALVES)[0]) + " Model 8 gives way to the encoder as it came: {counts}",  # type: ignore[index]
    )
]
RANKED_BY = ["the quick model", "the quick model over fine-tuned model 7"]


@pytest.mark.parametrize(
    "stored",
    [
        *(
            str(said[0])
            for facts in (HALVES, RANKED)
            for said in (_by_halves(facts), _by_halves(facts | {"halves_p": 0.6}))
            if said
        ),
        str(_by_halves(HALVES | {"halves_p": 0.6, PSEUDO: 1900})[0]),  # type: ignore[index]
        _too_few_to_order(4)[0],
        _too_few_later()[0],
        *(*decisions(), PINNED, *BESIDE_PLAIN, *of_the_pool(), *of_the_students(), *of_the_teacher()),
        *of_the_head(),
        NO_NUMBER.format(step=7, loss="nan", norm="inf"),
        *(*DIED_TWICE.values(), *STAGES, *RANKED_BY, CROSS_FITTED, NOT_SCORED),
    ],
)
def test_a_stored_sentence_is_told_in_german(stored: str) -> None:
    with translation.override("de"):
        told = in_words(stored)
    assert told and told != stored
    assert not {"of", "the", "and", "with", "texts"} & set(told.split())


@pytest.mark.parametrize("stage", stages_of_the_recipe())
def test_every_stage_that_the_learner_tells_is_told_in_german(stage: str) -> None:
    with translation.override("de"):
        assert in_words(stage) not in {stage, ""}
        assert stage not in in_words(f"{stage} (120 labels)")


def test_the_stages_are_found_where_they_are_told() -> None:
    assert {"embedding", "fine-tuning", "comparing texts", "adapting", "reading the pool"} < set(stages_of_the_recipe())
