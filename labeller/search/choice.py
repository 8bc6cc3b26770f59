"""What is given to texts of a list, as a form sends it."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext as _

from labeller.annotation.forms import WholeNumbersField
from labeller.projects.models import Project


class ChoiceForm(forms.Form):
    """Labels, or none of them by a button of its own: no tick at all is a slip, not an answer."""

    label = WholeNumbersField(required=False)
    none = forms.BooleanField(required=False)
    key = forms.UUIDField()

    def labels(self) -> tuple[int, ...]:
        return () if self.cleaned_data["none"] else self.cleaned_data["label"]

    def wrong(self, project: Project) -> str:
        """Why this is no answer in this project, in a sentence; empty when it is one."""
        if not self.is_valid():
            return _("The form could not be read. Reload the page and try again.")
        if self.cleaned_data["none"]:
            return "" if project.is_multi else _("Each text of this project takes exactly one label.")
        chosen = len(set(self.labels()))
        if project.is_multi:
            return "" if chosen else _("Choose the labels first, or none of them.")
        return "" if chosen == 1 else _("Choose the label first.")
