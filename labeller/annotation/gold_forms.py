"""What the pages about gold may be sent."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy, ngettext

from labeller.annotation.forms import WholeNumbersField
from labeller.annotation.gold import LARGEST_SHARE, MOST_AT_ONCE
from labeller.projects.models import Label, Project


class FindForm(forms.Form):
    """Which labelled texts are offered. What cannot be read counts as not asked."""

    words = forms.CharField(required=False, max_length=200)
    label = forms.ModelChoiceField(queryset=Label.objects.none(), required=False, empty_label=gettext_lazy("any label"))
    from_file = forms.BooleanField(label=gettext_lazy("From a file"), required=False)

    def __init__(self, project: Project, data: object) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        self.fields["label"].queryset = Label.objects.filter(project=project)  # type: ignore[attr-defined]
        for name in ("words", "label"):
            self.fields[name].widget.attrs["class"] = "pick"


class TextsForm(forms.Form):
    text = WholeNumbersField(error_messages={"required": gettext_lazy("Tick at least one text.")})

    def clean_text(self) -> tuple[int, ...]:
        ids: tuple[int, ...] = self.cleaned_data["text"]
        if len(ids) > MOST_AT_ONCE:
            most = ngettext("At most %(count)d text at once.", "At most %(count)d texts at once.", MOST_AT_ONCE)
            raise forms.ValidationError(most % {"count": MOST_AT_ONCE})
        return ids


class ShareForm(forms.Form):
    per_cent = forms.IntegerField(
        label=gettext_lazy("Share of gold in what each person is served, in per cent"),
        min_value=0,
        max_value=LARGEST_SHARE,
        widget=forms.NumberInput(attrs={"class": "pick num"}),
        error_messages={"required": gettext_lazy("Write a number; 0 asks for none.")},
    )
