"""The recipe of a full run: first a model from the labels alone, then the one with the pool's share.

    labels --> teacher (contrastive or plain, by count) --> stage "labels"
    (the encoder adapted to the pool first, where the recipe is told to)
    pool, read by the teacher --> its surest answers, where they can be trusted
        --> fresh encoders --> the mean of teacher and them --> stage "pool"

Each stage says in words what was done and why. The head that serves is `either.fit` on the stage's embeddings.
What decides is the number of labels and kinds and how the teacher does on labelled texts it has not seen; never an
audit set. docs/recipe.md has the rules and what they were chosen by.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from modelsvc.encoding.encoder import Encoder
from modelsvc.full_run import halves, halves_several
from modelsvc.full_run.halves_facts import FACTS, PSEUDO, SHARE, TUNED_SHARE, sureness_in
from modelsvc.full_run.pool_gate import learnt_from_pool, too_little, trusted, worse_than_frozen
from modelsvc.full_run.recipe_config import RecipeConfig, rounds, teacher_for
from modelsvc.full_run.second_opinion import SecondOpinion
from modelsvc.full_run.selftrain import label_weight
from modelsvc.full_run.students import Lesson, learn_from_pool
from modelsvc.full_run.teacher import READING_POOL, Task, answers_unseen, teach
from modelsvc.heads.left_out import LeftOut
from modelsvc.heads.pool_graph import sampled
from modelsvc.heads.quick import fit_head, predict_proba
from modelsvc.stores.words import Words
from modelsvc.tuning.adapt import adapt
from modelsvc.tuning.adapt_config import AdaptConfig
from modelsvc.types import Embeddings, OnProgress, Progress, ReadTexts, Targets, silent

__all__ = ["Asking", "OnStage", "RecipeConfig", "Stage", "train"]

Asking = Literal["never", "first", "then"]
"""When the labels at hand are asked what they think of tuning (halves.py), and so by whose answers the pool teaches; it
costs about as long as the first stage again. First, before anybody is told of the first stage: for a caller without an
audit that can tell; the pool does not teach where they speak against tuning. Or then, before the second, while the
first may serve already: who serves is not theirs to say, and given or found, they end no run."""

LEAST_SHARE = 0.25  # of the labelled texts judge the surest answers: of fewer, one text would decide


@dataclass(frozen=True)
class Bar:
    """Where the parts of a run end on its bar, 0..1. The caller reads the pool after each stage."""

    labels: float
    read: float
    check: float
    second: float  # where the encoder as it came is heard about the pool too
    pool: float


WITH_POOL = Bar(labels=0.2, read=0.33, check=0.43, second=0.53, pool=0.87)
LABELS_ALONE = Bar(labels=0.7, read=1.0, check=1.0, second=1.0, pool=1.0)


@dataclass(frozen=True)
class Stage:
    """A model that can serve: its encoder, the seconds it took from the end of the one before (without the caller's own
    time), why it was made this way, and facts for its card."""

    name: str  # "labels" or "pool"
    encoder: Encoder
    seconds: float
    reason: str
    facts: dict[str, float | str] = field(default_factory=dict)
    reading: tuple[float, float] = (0.0, 1.0)  # where the bar begins and ends while the caller reads the pool with it


OnStage = Callable[[Stage], Embeddings | None]
"""Told of each stage once it can serve. May answer with the embeddings (N, D) of `pool_texts` by that stage's encoder,
which a product makes anyway; None lets the recipe make what it needs."""


def no_embeddings(_: Stage) -> None:
    """Take note of nothing."""


def train(
    folder: Path | Encoder,
    texts: Sequence[str],
    Y: Targets,
    *,
    multi_label: bool,
    pool_texts: Sequence[str],
    config: RecipeConfig | None = None,
    threads: int = 0,
    seed: int = 0,
    first: Encoder | None = None,
    first_facts: Mapping[str, float | str] | None = None,
    ask_labels: Asking = "never",
    label_texts: Sequence[Sequence[str]] = (),
    words: Words | None = None,
    known: ReadTexts | None = None,
    on_progress: OnProgress = silent,
    on_stage: OnStage = no_embeddings,
) -> list[Stage]:
    """The stages made of n labelled texts, Y (n, C), and the unlabelled `pool_texts`, in order; the last is the best
    guess, and the caller promotes each on evidence of its own.

    `first` is the encoder of the first stage where an interrupted run has made it already, and `first_facts` the
    facts it was told with: the run goes on from there, and `on_stage` is not told of it again. With `ask_labels`
    "then" it is told of the first stage without what the labels at hand say.

    The head over the encoder as it came, by which tuning is measured, learns from `label_texts` (C) too, the labels'
    names and descriptions; both from `words` (n rows), those of the labelled texts, where heads read them. `known`
    gives what that encoder says of any texts, where some of it is at hand. Leave out of `pool_texts` what must stay
    unseen (an audit's texts). `on_progress` may raise to stop. The same seed gives the same encoders on the same
    machine and number of threads. Raises FineTuneError, ContrastiveError and EncoderError.
    """
    config, pool = config or RecipeConfig(), list(pool_texts)
    named = tuple(label_texts) if config.label_names else ()
    task = Task(folder, list(texts), Y, multi_label, threads, seed, on_progress, named, words, known)
    if config.adapt is not None:
        task = replace(task, folder=_adapted(task, config.adapt, [*texts, *pool]), known=None)
    refused = too_little(task, config, len(pool))
    bar = LABELS_ALONE if refused else WITH_POOL
    asks = ask_labels == "first" and first is None
    made = _from_labels(task.within(0.0, bar.labels * (0.5 if asks else 1.0)), config, first)
    facts, unseen = dict(first_facts or {}), None
    if first is None and (asks or (multi_label and SHARE not in facts)):
        beyond = task.within(bar.labels / 2 if asks else bar.labels, bar.labels)
        unseen, facts = _beyond_labels(beyond, config, made, pool, ask=asks)
    labels = replace(made, reading=(bar.labels, bar.read), facts=made.facts | facts)
    if ask_labels != "then" and (against := worse_than_frozen(labels.facts)):
        refused, labels = refused or against, replace(labels, reading=(bar.labels, 1.0))  # nothing comes behind it
    read = on_stage(labels) if first is None else None
    if ask_labels == "then" and not refused and FACTS[0] not in facts:
        unseen, found = _beyond_labels(task.within(bar.read, bar.check), config, made, pool, ask=True)
        labels = replace(labels, facts=labels.facts | found)
    second = refused or _from_pool(task, config, labels, pool, read, unseen)
    if isinstance(second, str):
        return [replace(labels, facts=labels.facts | {"pool": second})]
    on_stage(second)
    return [labels, second]


def _adapted(task: Task, config: AdaptConfig, texts: list[str]) -> Encoder:
    """The encoder that all stages begin from, where the recipe adapts it; the bar stands meanwhile."""
    config, told = replace(config, seed=task.seed), task.standing("adapting", 0.0)
    return adapt(task.folder, texts, config=config, threads=task.threads, on_progress=told).encoder


def _from_labels(task: Task, config: RecipeConfig, made: Encoder | None) -> Stage:
    started = time.perf_counter()
    method, reason = teacher_for(config, task.Y, multi_label=task.multi_label)
    encoder = teach(task, method, config) if made is None else made
    return Stage("labels", encoder, time.perf_counter() - started, reason, {"teacher": method, "labels": len(task.Y)})


def _beyond_labels(
    task: Task, config: RecipeConfig, made: Stage, pool: list[str], *, ask: bool
) -> tuple[LeftOut | None, dict[str, float | str]]:
    """What labelled texts that a model had not seen say of heads over the tuned encoder: with `ask` of tuned models,
    made for it (one label a text: what they answered comes first), else of the encoder as it came."""
    method = str(made.facts["teacher"])
    if task.multi_label:
        return None, dict(halves_several.facts_of(task, method, config, ask=ask, at=0.0))
    unseen = answers_unseen(task, method, config, pool_texts=pool)
    return unseen, halves.facts_of(task, unseen, pool, at=1.0)


def _from_pool(
    task: Task,
    config: RecipeConfig,
    first: Stage,
    pool_texts: list[str],
    read: Embeddings | None,
    unseen: LeftOut | None,
) -> Stage | str:
    """The second stage, or why there is none, in words. `unseen` is what such teachers said of labelled texts that they
    had not seen, where it is known already."""
    started = time.perf_counter()
    rng = np.random.default_rng(task.seed)
    rows = np.arange(len(pool_texts))
    if len(rows) > config.candidates:
        rows = np.sort(rng.choice(rows, config.candidates, replace=False))
    candidates = [pool_texts[row] for row in rows]
    sizes = rounds(
        config,
        labels_shown=len(task.Y) * label_weight(len(task.Y)),
        tokens_a_text=_tokens_a_text(first.encoder, candidates),
        pool=len(candidates),
    )
    share = max(sizes[0] / len(candidates), LEAST_SHARE)
    part = task.within(WITH_POOL.read if unseen is None else WITH_POOL.check, WITH_POOL.check)
    seen, judge = trusted(part, config, str(first.facts["teacher"]), unseen, pool_texts=candidates, share=share)
    facts: dict[str, float | str] = {
        "accuracy_unseen": round(seen.accuracy, 3),
        "expected_right": round(seen.of_sure, 3),
        "judged_by": judge,
    }
    if seen.of_sure < config.least_right:
        return (
            f"The pool was not used: of labelled texts that it had not seen, such a model had {seen.accuracy:.0%}"
            f" right, and of its surest {seen.of_sure:.0%}; {config.least_right:.0%} are needed."
        )
    task.on_progress(Progress("reading the pool", WITH_POOL.check))
    told = task.standing(READING_POOL, WITH_POOL.check)
    X = first.encoder.encode(candidates, on_progress=told) if read is None else read[rows]
    read_again = WITH_POOL.check if _tuned_share(first.facts) == 1 else WITH_POOL.second
    second = _second_opinion(task.within(WITH_POOL.check, read_again), candidates, first.facts)
    lesson = Lesson(candidates, X, first.encoder, second)
    learnt = learn_from_pool(task.within(read_again, WITH_POOL.pool), config, lesson, sizes)
    if learnt is None:
        return "The pool was not used: the neighbours of its texts did not agree with the model's answers."
    reason = learnt_from_pool(learnt.used, seen.of_sure, judge)
    facts |= {PSEUDO: learnt.used, "rounds": len(sizes), "agreed": round(learnt.agreed, 3)}
    seconds = time.perf_counter() - started
    return Stage("pool", learnt.encoder, seconds, reason, first.facts | facts, reading=(WITH_POOL.pool, 1.0))


def _second_opinion(task: Task, texts: list[str], facts: Mapping[str, float | str]) -> SecondOpinion | None:
    """Of the encoder as it came on these texts, where the labels at hand say that it helps; they were asked before."""
    share = _tuned_share(facts)
    if share == 1.0:
        return None
    X = task.as_it_came(texts, lambda read: task.on_progress(Progress(READING_POOL, read.done)))
    head = fit_head(
        task.as_it_came(task.texts, task.standing(READING_POOL, 1.0)),
        task.Y,
        multi_label=False,
        seed=task.seed,
        pool_X=X[sampled(len(X), seed=task.seed)],
        names=task.names(task.standing(READING_POOL, 1.0)),
        look=task.looking(READING_POOL, 1.0),
    )
    return SecondOpinion(predict_proba(head, X), share, sureness_in(facts).temperature)


def _tuned_share(facts: Mapping[str, float | str]) -> float:
    return float(facts.get(TUNED_SHARE, 1.0))


def _tokens_a_text(encoder: Encoder, texts: list[str]) -> float:
    """The mean length, of a sample."""
    return float(np.mean([len(ids) for ids in encoder.tokenize(texts[:500])["input_ids"]]))
