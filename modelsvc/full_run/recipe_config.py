"""The switches of the recipe, and the rules that set them by the number of labels and kinds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from modelsvc.tuning.adapt_config import AdaptConfig
from modelsvc.tuning.contrastive_config import ContrastiveConfig
from modelsvc.tuning.finetune_config import FineTuneConfig
from modelsvc.types import Targets

Teacher = Literal["auto", "contrastive", "plain"]

CONTRASTIVE_TO = 200  # labels; beyond, plain fine-tuning sees each text often enough to do as well in less time
LEAST_LABELS = 16  # below this the labels say nothing of the teacher
LEAST_POOL = 200  # unlabelled texts; fewer have no share worth the time


@dataclass(frozen=True)
class RecipeConfig:
    """The parts of a run. Seeds in them are not asked: a run has one seed, and each part has it or one that follows."""

    teacher: Teacher = "auto"
    use_pool: bool = True  # False = the labels alone teach, and the pool serves the adaptation at most
    label_names: bool = True  # what labels are called teaches the heads too, with one label a text
    pseudo: tuple[int, ...] = (2000, 2000)  # texts in each round of self-training; one round a number
    candidates: int = 10_000  # unlabelled texts looked at, drawn at random from a larger pool
    epochs: float = 2.0  # of labels and pseudo-labels together; 3 of 800 texts before 2,000 took longer, no better
    label_smoothing: float = 0.1
    most_tokens: int = 120_000  # read by one student in all its epochs: long texts come with fewer pseudo-labels
    least_right: float = (
        0.6  # expected share of right pseudo-labels below which the pool is not used; .75 refused by one text
    )
    share_of_pool: float = 0.5  # at most, of the pool as pseudo-labels: beyond come the unsure ones
    adapt: AdaptConfig | None = None  # to the pool, before all else
    pairs: ContrastiveConfig = field(default_factory=ContrastiveConfig)
    fine_tuning: FineTuneConfig = field(default_factory=FineTuneConfig)  # students: epochs and smoothing as above


def teacher_for(config: RecipeConfig, Y: Targets, *, multi_label: bool) -> tuple[Teacher, str]:
    """Which way the first model is made, "contrastive" or "plain", and the reason in words."""
    if multi_label:
        return "plain", "Fine-tuned on the labels: with several labels a text a head for each label needs no pairs."
    if config.teacher != "auto":
        return config.teacher, f"{config.teacher.capitalize()}, as asked."
    n = len(Y)
    if n > CONTRASTIVE_TO:
        return "plain", f"Fine-tuned on the labels: with {n} of them pairs bring no more."
    if n < 2 * np.count_nonzero(Y.sum(0)):
        return "plain", f"Fine-tuned on the labels: {n} of them leave most kinds without a pair."
    return "contrastive", f"Tuned on pairs of texts: {n} labels make many pairs."


def rounds(config: RecipeConfig, *, labels_shown: float, tokens_a_text: float, pool: int) -> list[int]:
    """How many pseudo-labels each student learns from: no more than the time for reading and the pool allow.

    rounds(RecipeConfig(), labels_shown=256, tokens_a_text=13, pool=10_000) = [2000, 2000]
    """
    readable = config.most_tokens / (config.epochs * max(tokens_a_text, 1)) - labels_shown
    most = int(min(max(readable, 200), config.share_of_pool * pool))
    return [min(k, most) for k in config.pseudo]
