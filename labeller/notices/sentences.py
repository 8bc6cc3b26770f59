"""What happened, in a sentence, and what became of telling it. Kept in English; pages and letters say it in their own
language. Pure but for the run's own versions."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from django.utils.translation import gettext_noop, override

from labeller.learning.models import ModelVersion, TrainingRun
from labeller.learning.said import SAID
from labeller.notices import outbound
from labeller.retelling import retold

TEST = gettext_noop("This is a test, asked for by %(who)s.")
FAILED = gettext_noop("%(run)s failed: %(reason)s")
NO_REASON = gettext_noop("no reason was given.")
COMPARED = gettext_noop("The language models were compared. The overview says what was found.")
ONE_SERVES = gettext_noop("Model %(number)s was made and put into service.")
SOME_SERVE = gettext_noop("Models %(numbers)s and %(number)s were made; model %(serving)s was put into service.")

# Of a letter or a webhook.
NOT_YET = gettext_noop("The mail server did not take it yet.")
ADDRESS_REFUSED = gettext_noop("The mail server refused this address.")
NO_MAIL = gettext_noop("The mail server could not be used (%(error)s).")
LOGGED = gettext_noop("Written to the server's log only: its owner has set up no mail server.")
TAKEN = gettext_noop("Taken by the mail server.")
NO_ANSWER = gettext_noop("No answer from it (%(error)s).")
LEADS_ELSEWHERE = gettext_noop("Answered %(status)s: it leads elsewhere, and that is not followed.")
ANSWERED = gettext_noop("Answered %(status)s.")

_SENTENCES = [value for name, value in list(globals().items()) if name.isupper() and isinstance(value, str)]


def in_words(stored: str) -> str:
    """A stored sentence in the active language."""
    return retold(stored, _table())


@cache
def _table() -> list[str]:
    with override("en"):
        kinds = [str(kind.label) for kind in TrainingRun.Kind]
    return [*_SENTENCES, *outbound.REFUSALS, *kinds, *SAID]


def run_sentence(run: TrainingRun, versions: Sequence[ModelVersion]) -> str:
    """Empty where there is nothing to tell: a run that somebody cancelled, texts that were read as they should be,
    models of which none was promoted. Of those the queue and the page of models say why."""
    if run.state == TrainingRun.State.FAILED:
        with override("en"):
            return FAILED % {"run": run.get_kind_display(), "reason": run.reason or NO_REASON}
    if run.state != TrainingRun.State.DONE:
        return ""
    if run.kind == TrainingRun.Kind.CHECK:
        return COMPARED
    if run.kind != TrainingRun.Kind.FULL or not versions:
        return ""
    serving = [version.number for version in versions if version.promoted_by_run]
    if not serving:
        return ""
    numbers = [str(version.number) for version in versions]
    values = {"number": numbers[-1], "numbers": ", ".join(numbers[:-1]), "serving": serving[-1]}
    return (SOME_SERVE if numbers[1:] else ONE_SERVES) % values
