"""What merging and splitting labels are asked with."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from labeller.projects.forms import LabelLinesForm
from labeller.projects.labels import NAME_LENGTH
from labeller.projects.models import Label


class MergeForm(forms.Form):
    labels = forms.ModelMultipleChoiceField(
        queryset=Label.objects.none(),
        label=gettext_lazy("Labels that become one"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Tick at least two labels: they become one.")},
    )
    into = forms.CharField(
        label=gettext_lazy("The name of the one"),
        max_length=NAME_LENGTH,
        help_text=gettext_lazy(
            "The name of a ticked label keeps that one, with its key and colour. Another name makes a new label."
        ),
    )
    sure = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, choices: list[Label], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["labels"]
        assert isinstance(field, forms.ModelMultipleChoiceField)
        field.queryset = Label.objects.filter(pk__in=[label.pk for label in choices])

    def clean_into(self) -> str:
        return " ".join(self.cleaned_data["into"].split())


class SplitForm(LabelLinesForm):
    stays = forms.BooleanField(
        required=False,
        label=gettext_lazy("It stays as a label too, with a narrower meaning"),
        help_text=gettext_lazy("Else nobody gives it any more, and it goes when its last text has been looked at."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["lines"].label = gettext_lazy("The new labels, one a line")
