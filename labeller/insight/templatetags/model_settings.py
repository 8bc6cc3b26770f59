"""A model's settings by names that people read."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext_lazy as _

from labeller.insight.templatetags.figures import in_words

register = template.Library()

NAMES = {
    "strategy": _("Strategy"),
    "fitted_on": _("Fitted on"),
    "threads": _("Threads"),
    "precision": _("Precision of numbers"),
    "torch": "PyTorch",
    "way_of_training": _("Way of training"),
    "teacher": _("Tuned by"),
    "labels": _("Labels"),
    "accuracy_unseen": _("Accuracy unseen"),
    "halves_right": _("Right by models of the other half"),
    "halves_right_frozen": _("The same with the language model as it came"),
    "halves_p": _("p of being worse"),
    "halves_precision": _("Average precision by models of the other half"),
    "halves_precision_frozen": _("The same with the language model as it came"),
    "halves_temperature": _("Temperature by them"),
    "halves_tuned_share": _("Share of the tuned model in what is said of the pool"),
    "expected_embedding_share": _("Expected share of the embedding beside words"),
    "halves_labels": _("Labels whose halves were asked"),
    "expected_right": _("Expected right"),
    "judged_by": _("Judged by"),
    "pseudo_labels": _("Pseudo labels"),
    "rounds": _("Rounds"),
    "agreed": _("Agreed"),
    "fine_tuning_s": _("Fine tuning, seconds"),
    "reading_s": _("Reading, seconds"),
    "recipe": _("Recipe changed by"),
}

TEACHERS = {
    "contrastive": _("pairs of texts, of one label or of two"),
    "plain": _("a layer that tells the labels apart"),
}  # as modelsvc.full_run.recipe_config.Teacher has them


@register.filter
def setting_value(value: object, key: str) -> object:
    """In words where a person would not know the key."""
    return TEACHERS.get(value, value) if key == "teacher" and isinstance(value, str) else value


@register.filter
def setting_name(key: str) -> str:
    """A key that is not known is written out."""
    return str(NAMES.get(key) or in_words(key))
