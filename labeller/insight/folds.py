"""What the results page shows at once, and what it folds away: rows that say only that they can say nothing yet."""

from __future__ import annotations

from collections.abc import Sequence

from labeller.insight.curve import CurveRow
from labeller.insight.selectors import LabelScore, VersionScore

FEW_LABELS = 12
"""Up to so many labels all have a row, met in the audit or not."""


def fold_rows(rows: Sequence[CurveRow]) -> tuple[list[CurveRow], list[CurveRow]]:
    """(Measured, measured on too few texts), each newest first."""
    newest_first = list(reversed(rows))
    return [row for row in newest_first if not row.note], [row for row in newest_first if row.note]


def fold_models(models: Sequence[VersionScore]) -> tuple[list[VersionScore], list[VersionScore]]:
    """(Shown, folded). The newest is shown whatever its evidence, and so are full ones: they can be taken away."""
    at_once = [model.has_evidence or model.is_full or place == 0 for place, model in enumerate(models)]
    shown = [model for model, is_shown in zip(models, at_once, strict=True) if is_shown]
    return shown, [model for model, is_shown in zip(models, at_once, strict=True) if not is_shown]


def fold_labels(scores: Sequence[LabelScore]) -> tuple[list[LabelScore], list[LabelScore]]:
    """(Shown, not in the audit yet). Few labels are never folded."""
    if len(scores) <= FEW_LABELS:
        return list(scores), []
    return [score for score in scores if score.support], [score for score in scores if not score.support]
