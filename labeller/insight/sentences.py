"""The results in words. Pure: from what is known to what is said, and never a number without its interval."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, ngettext_lazy

from labeller.insight.loop import Loop
from labeller.insight.selectors import Estimate, Standing, VersionScore
from labeller.numerals import decimal, percent, whole


def audit_so_far(standing: Standing) -> str:
    """What became of the texts drawn at random; empty before the first. Those without a label are told: they are
    harder than the others, and a model is measured without them."""
    if not standing.drawn:
        return ""
    told = ngettext(
        "%(drawn)s text drawn at random so far: %(answered)s answered, %(others)s skipped or unsure.",
        "%(drawn)s texts drawn at random so far: %(answered)s answered, %(others)s skipped or unsure.",
        standing.drawn,
    ) % {
        "drawn": whole(standing.drawn),
        "answered": whole(standing.audit),
        "others": whole(standing.unanswered),
    }
    if not standing.unanswered:
        return told
    hard = _("Texts without an answer are not measured; they tend to be hard, so the accuracy may be lower.")
    return f"{told} {hard}"


def in_use(current: VersionScore | None, serving: VersionScore | None) -> str:
    """Which models are at work now; empty without any."""
    if current is None:
        return ""
    if serving is None:
        return _("Model %(number)d orders the queue. It reads the texts by the language model as it came.") % {
            "number": current.number
        }
    if current.number == serving.number:
        return _("Model %(number)d reads the texts.") % {"number": serving.number}
    return _("Model %(serving)d reads the texts, and model %(current)d orders the queue by what it has read.") % {
        "serving": serving.number,
        "current": current.number,
    }


def state_of(version: VersionScore, loop: Loop) -> str:
    """What a model does now, and what may become of that."""
    if version.is_deleted:
        return _("Its files were deleted. Its figures and its point of the curve stay.")
    if version.number == loop.returning:
        if loop.serving is None:
            return _("It serves as soon as it has read the texts; until then the language model as it came goes on.")
        return _("It serves as soon as it has read the texts; until then model %(serving)s goes on.") % {
            "serving": loop.serving
        }
    if version.number == loop.serving:
        if loop.pinned:
            return _(
                "It reads the texts. It is pinned: later runs are trained and measured, and none takes over until "
                "somebody unpins it."
            )
        return _("It reads the texts. A later model takes over when nothing speaks against it.")
    if not version.is_full:
        return _("A quick model: it orders the queue from its making until the next one.")
    return _("It read the texts once.") if version.promoted_at else _("It was not put into service.")


COUNTED = {
    "text": ngettext_lazy("%(count)s text", "%(count)s texts", "number"),
    "label": ngettext_lazy("%(count)s label", "%(count)s labels", "number"),
    "file": ngettext_lazy("%(count)s file", "%(count)s files", "number"),
    "answer": ngettext_lazy("%(count)s answer", "%(count)s answers", "number"),
    "person": ngettext_lazy("%(count)s person", "%(count)s persons", "number"),
    "annotator": ngettext_lazy("%(count)s annotator", "%(count)s annotators", "number"),
    "audit text": ngettext_lazy("%(count)s audit text", "%(count)s audit texts", "number"),
    "test text": ngettext_lazy("%(count)s test text", "%(count)s test texts", "number"),
}


def counted(number: int, thing: str) -> str:
    """1 label, 1,200 labels: of the things of COUNTED, as the subject of a sentence or by themselves."""
    return str(COUNTED[thing] % {"number": number, "count": whole(number)})


def span(low: str, high: str) -> str:
    """70.0 to 90.0"""
    return _("%(low)s to %(high)s") % {"low": low, "high": high}


def percent_range(share: Estimate) -> str:
    return f"{percent(share.value)} ({span(decimal(100 * share.low, 1), decimal(100 * share.high, 1))})"


def decimal_range(share: Estimate) -> str:
    return f"{decimal(share.value, 3)} ({span(decimal(share.low, 3), decimal(share.high, 3))})"


def duration(seconds: float) -> str:
    """0.4 -> "0.4 s", 75 -> "1 min 15 s", 7500 -> "2 h 5 min"."""
    if seconds < 9.95:
        return f"{decimal(seconds, 1)} s"
    rounded = round(seconds)
    if rounded < 60:
        return f"{rounded} s"
    if rounded < 3600:
        return f"{rounded // 60} min {rounded % 60} s"
    return f"{rounded // 3600} h {rounded % 3600 // 60} min"
