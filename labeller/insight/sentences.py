"""The results in words. Pure: from what is known to what is said, and never a number without its interval."""

from __future__ import annotations

from dataclasses import dataclass

from labeller.insight.loop import Loop
from labeller.insight.selectors import ENOUGH_AUDIT, Estimate, Standing, VersionScore

WHY_NOT_PLAIN = (
    "That plain figure tends to be too low: each of those texts is left out of what answers it, and the others were "
    "chosen where no labelled text lay near."
)
WHY_NOT_PLAIN_F1 = (
    "That plain figure knows nothing of the labels those texts did not meet, so its interval leaves them open."
)
NOT_ONE_NUMBER = "Only texts drawn at random can measure a model, and fewer than 30 of them say too little."


@dataclass(frozen=True)
class Headline:
    sentence: str
    detail: str
    has_evidence: bool
    beside: str = ""  # the plain figure, where another one leads, and why


def headline(standing: Standing) -> Headline:
    """What the page says first. A model is judged on the audit texts of its own moment, not on today's."""
    if not standing.has_texts:
        return Headline("There is nothing to measure yet.", "Import texts first, then label some of them.", False)
    current = standing.current
    if current is not None and (found := figures_of(current, is_multi=standing.is_multi)) is not None:
        return found
    if standing.missing:
        missing = f"{standing.missing} {'is' if standing.missing == 1 else 'are'} missing"
        return Headline(
            f"Not enough evidence yet: {standing.audit} of {ENOUGH_AUDIT} audit labels, {missing}.", _how_many(), False
        )
    if current is None:
        return Headline(
            "There is enough evidence, and no model to measure yet.",
            f"{counted(standing.audit, 'audit label')} are in. A model is made as soon as a worker runs and two labels "
            "of two kinds are given.",
            False,
        )
    return Headline(
        f"Model {current.number} was measured on too few texts.",
        f"{current.n_audit} audit labels were in when it was made, {standing.audit} are now. The next model will be "
        "measured on all of them: go on labelling.",
        False,
    )


def figures_of(version: VersionScore, *, is_multi: bool, place: str = "drawn at random") -> Headline | None:
    """How good a model is on the texts of this place; None where they are too few."""
    if not version.has_evidence or version.leading_accuracy is None:
        return None
    if is_multi and version.leading_f1 is not None:
        found = _macro_f1_of(version.leading_f1), _exactly_right(version, place), _plain_f1(version)
    else:
        found = _right_on(version), _measured_on(version, place), _plain_accuracy(version)
    sentence, detail, beside = found
    return Headline(sentence, detail, True, beside)


def audit_so_far(standing: Standing) -> str:
    """What became of the texts drawn at random; empty before the first. Those without a label are told: they are
    harder than the others, and a model is measured without them."""
    if not standing.drawn:
        return ""
    told = (
        f"{counted(standing.drawn, 'text')} drawn at random so far: {standing.audit:,} answered, "
        f"{standing.unanswered:,} skipped or unsure."
    )
    if not standing.unanswered:
        return told
    return f"{told} Texts without an answer are not measured; they tend to be hard, so the accuracy may be lower."


def in_use(current: VersionScore | None, serving: VersionScore | None) -> str:
    """Which models are at work now; empty without any."""
    if current is None:
        return ""
    if serving is None:
        return f"Model {current.number} orders the queue. It reads the texts by the language model as it came."
    if current.number == serving.number:
        return f"Model {serving.number} reads the texts."
    return f"Model {serving.number} reads the texts, and model {current.number} orders the queue by what it has read."


def state_of(version: VersionScore, loop: Loop) -> str:
    """What a model does now, and what may become of that."""
    if version.is_deleted:
        return "Its files were deleted. Its figures and its point of the curve stay."
    if version.number == loop.returning:
        return f"It serves as soon as it has read the texts; until then model {loop.serving} goes on."
    if version.number == loop.serving:
        after = (
            "It is pinned: later runs are trained and measured, and none takes over until somebody unpins it."
            if loop.pinned
            else "A later model takes over when the audit does not speak against it."
        )
        return f"It reads the texts. {after}"
    if not version.is_full:
        return "A quick model: it orders the queue from its making until the next one."
    return "It read the texts once." if version.promoted_at else "It was not put into service."


def _right_on(version: VersionScore) -> str:
    assert version.leading_accuracy is not None
    # A share: 31 may have been measured.
    return f"The model is right on about {100 * version.leading_accuracy.value:.0f} in 100 texts."


def _measured_on(version: VersionScore, place: str) -> str:
    assert version.leading_accuracy is not None
    low, high = 100 * version.leading_accuracy.low, 100 * version.leading_accuracy.high
    return f"Between {low:.0f} and {high:.0f} (95 % interval), {_made_from(version, place)}"


def _macro_f1_of(share: Estimate) -> str:
    """First where a text may have several labels: most texts carry none, and giving none is exactly right on them."""
    return (
        f"The model finds the labels with a macro-F1 of about {share.value:.2f}, "
        f"between {share.low:.2f} and {share.high:.2f}."
    )


def _exactly_right(version: VersionScore, place: str) -> str:
    assert version.leading_accuracy is not None
    exact = version.leading_accuracy
    return (
        f"95 % interval. All labels of a text are right on about {100 * exact.value:.0f} in 100 texts "
        f"({100 * exact.low:.0f} to {100 * exact.high:.0f}), {_made_from(version, place)}"
    )


def _plain_accuracy(version: VersionScore) -> str:
    if version.plain_accuracy is None:
        return ""
    value, low, high = (100 * part for part in _parts(version.plain_accuracy))
    return f"By those texts alone it would be {value:.0f} in 100 ({low:.0f} to {high:.0f}). {WHY_NOT_PLAIN}"


def _plain_f1(version: VersionScore) -> str:
    if version.plain_f1 is None:
        return ""
    value, low, high = _parts(version.plain_f1)
    return f"By those texts alone the macro-F1 would be {value:.2f} ({low:.2f} to {high:.2f}). {WHY_NOT_PLAIN_F1}"


def _parts(share: Estimate) -> tuple[float, float, float]:
    return share.value, share.low, share.high


def _made_from(version: VersionScore, place: str) -> str:
    helped = ", and on what the model says of all others" if version.tightened else ""
    return (
        f"measured on {counted(version.n_audit, 'text')} "
        f"{place}{helped} · learnt from {counted(version.n_labels, 'label')} · model {version.number}"
    )


def _how_many() -> str:
    return (
        f"{NOT_ONE_NUMBER} They come by themselves while you label: about every third text is drawn at random "
        "instead of being chosen by the model."
    )


def counted(number: int, thing: str) -> str:
    """1 label, 1,200 labels."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def percent_range(share: Estimate) -> str:
    return f"{100 * share.value:.1f} % ({100 * share.low:.1f} to {100 * share.high:.1f})"


def decimal_range(share: Estimate) -> str:
    return f"{share.value:.3f} ({share.low:.3f} to {share.high:.3f})"


def duration(seconds: float) -> str:
    """0.4 -> "0.4 s", 75 -> "1 min 15 s", 7500 -> "2 h 5 min"."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
