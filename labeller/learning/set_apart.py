"""Whether texts can still be set apart for the audit: not where a tuned encoder may have learnt from them.

No encoder learns from the audit's reserve while there is one. Where the audit is off there is none: a model tuned then
has had every text to learn from, with a label or without, and audit texts drawn later would flatter it and every head
over it.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from labeller.learning.models import ModelVersion, TrainingRun
from labeller.projects.models import Project

SET_APART = "audit"  # in a full version's settings: whether texts were set apart while it was tuned


def why_not(project: Project) -> str:
    """The sentence that refuses to set texts apart from now on, and says what to do; empty where nothing speaks
    against it."""
    full = ModelVersion.objects.filter(project=project, kind=ModelVersion.Kind.FULL, deleted_at=None)
    # Models from before this was kept do not say: they count as made without.
    if not all(kept.get(SET_APART) for kept in full.values_list("settings", flat=True)):
        return _(
            "A full model was tuned while no texts were set apart, so it may have learnt from the very texts that "
            "would measure it now. Measure with a test file of your own (Results → Test file), or begin a new project."
        )
    runs = TrainingRun.objects.filter(project=project, kind=TrainingRun.Kind.FULL, state__in=TrainingRun.UNFINISHED)
    if runs.exists():
        return _(
            "A full model is being tuned on texts that would be set apart. Cancel that run first, or measure with a "
            "test file of your own (Results → Test file)."
        )
    return ""
