"""Whether the pool may teach: what stands against it from the start, what the labels at hand say of tuning,
and how far the teacher's answers can be trusted."""

from __future__ import annotations

from collections.abc import Mapping

from modelsvc.full_run.halves import proba_of
from modelsvc.full_run.halves_facts import FACTS, LABELS, speak_against
from modelsvc.full_run.recipe_config import LEAST_LABELS, LEAST_POOL, RecipeConfig
from modelsvc.full_run.selftrain import Trust, trust
from modelsvc.full_run.teacher import READING, Task, answers_unseen
from modelsvc.heads.left_out import LeftOut
from modelsvc.heads.quick import cross_fit

JUDGES = {
    "frozen": "labelled texts that a head over the encoder as it came had not seen",
    "tuned": "labelled texts that such a model had not seen",
}


def too_little(task: Task, config: RecipeConfig, pool: int) -> str:
    """Why the pool cannot be used, in words, known before anything is computed; or nothing."""
    if not config.use_pool:
        return "The pool was not used: the recipe leaves it out."
    if task.multi_label:
        return (
            "The pool was not used: with several labels a text, sure answers are mostly 'none', which teaches nothing."
        )
    if len(task.Y) < LEAST_LABELS:
        return (
            f"The pool was not used: {len(task.Y)} labels cannot tell how far to trust the model; {LEAST_LABELS} can."
        )
    if pool < LEAST_POOL:
        return f"The pool was not used: {pool} unlabelled texts are too few; {LEAST_POOL} are needed."
    return ""


def worse_than_frozen(facts: Mapping[str, float | str]) -> str:
    """Why tuning ends with the labels where they were asked and speak against it, in words; or nothing, as with several
    labels a text, where nothing would follow."""
    if not speak_against(facts) or FACTS[0] not in facts:
        return ""
    n = float(facts.get(LABELS, facts.get("labels", 0)))  # those asked: of a run that went on, the labels are today's
    right, frozen = (float(facts[name]) for name in FACTS[:2])
    return (
        f"The pool was not used: of {n:,.0f} labels, each half foretold by models of the other half, tuned ones had"
        f" {right:,.0f} right and a head over the encoder as it came {frozen:,.0f}."
    )


def learnt_from_pool(used: int, right: float, judge: str) -> str:
    """What the second stage learnt from, in words: `used` texts with answers of which the share `right` 0..1 is right
    as far as `judge` knows, one of JUDGES."""
    return (
        f"Fresh encoders learnt from the labels and from {used:,} unlabelled texts with the model's own surest answers,"
        f" about {right:.0%} of them right by {JUDGES[judge]}."
    )


def trusted(
    task: Task, config: RecipeConfig, method: str, unseen: LeftOut | None, *, pool_texts: list[str], share: float
) -> tuple[Trust, str]:
    """What labelled texts say of answers by a model that had not seen them, and whose answers: "frozen" or "tuned".

    A head over the encoder as it came costs a second and seldom beats the tuned one: where it can be trusted already,
    the teacher is not made again for the question.
    """
    frozen = task.as_it_came(task.texts, task.standing(READING, 0.0))
    look = task.looking(READING, 0.0)
    plain, _ = cross_fit(frozen, task.Y, multi_label=False, seed=task.seed, look=look)
    seen = trust(plain, task.Y, share)
    if seen.of_sure >= config.least_right:
        return seen, "frozen"
    if unseen is None:
        unseen = answers_unseen(task, method, config, pool_texts=pool_texts)
    return trust(proba_of(unseen, task.Y), task.Y, share), "tuned"
