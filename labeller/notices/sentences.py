"""What happened, in a sentence. Pure but for the run's own versions."""

from __future__ import annotations

from collections.abc import Sequence

from labeller.learning.models import ModelVersion, TrainingRun


def run_sentence(run: TrainingRun, versions: Sequence[ModelVersion]) -> str:
    """Empty where there is nothing to tell: a run that somebody cancelled, texts that were read as they should be."""
    if run.state == TrainingRun.State.FAILED:
        return f"{run.get_kind_display()} failed: {run.reason or 'no reason was given.'}"
    if run.state != TrainingRun.State.DONE:
        return ""
    if run.kind == TrainingRun.Kind.CHECK:
        return "The language models were compared. The overview says what was found."
    if run.kind != TrainingRun.Kind.FULL or not versions:
        return ""
    serving = [version for version in versions if version.promoted_at]
    if serving:
        return f"{_models(versions)} made; model {serving[-1].number} reads the texts now."
    return f"{_models(versions)} made. {run.reason}".strip()


def _models(versions: Sequence[ModelVersion]) -> str:
    numbers = [str(version.number) for version in versions]
    if len(numbers) == 1:
        return f"Model {numbers[0]} was"
    return f"Models {', '.join(numbers[:-1])} and {numbers[-1]} were"
