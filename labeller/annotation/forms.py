"""What a browser may send. These only clean and convert; the services decide."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms

from labeller.annotation.models import Annotation
from labeller.annotation.services import Given

MOST_KEYS = 100


class WholeNumbersField(forms.Field):
    """Every value posted under one name, as a tuple of whole numbers."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: Any) -> tuple[int, ...]:
        try:
            return tuple(int(number) for number in value or ())
        except (TypeError, ValueError) as error:
            raise forms.ValidationError("A label is named by its number; something else was sent.") from error


class AnswerForm(forms.Form):
    lease = forms.UUIDField()
    key = forms.UUIDField()
    status = forms.ChoiceField(choices=Annotation.Status, required=False)
    label = WholeNumbersField(required=False)
    seconds = forms.FloatField(required=False, min_value=0)
    comment = forms.CharField(required=False)
    none = forms.BooleanField(required=False)  # "None of these": whatever is ticked

    def clean_status(self) -> str:
        """A label's own button sends no status: a press on it is what labelling is."""
        return self.cleaned_data["status"] or Annotation.Status.LABELLED

    def clean(self) -> dict[str, Any]:
        """Only a label takes labels: whoever ticked some and then skips has skipped."""
        given = super().clean() or {}
        if given.get("none") or given.get("status") != Annotation.Status.LABELLED:
            given["label"] = ()
        return given

    def given(self) -> Given:
        data = self.cleaned_data
        return Given(data["lease"], data["key"], data["status"], data["label"], data["seconds"], data["comment"])

    def sentence(self) -> str:
        """The first thing wrong, for a page that has room for one line."""
        name, errors = next(iter(self.errors.items()))
        return f"The answer could not be read: {name}: {errors[0]}"


class KeysField(forms.Field):
    """Every value posted under one name, as UUIDs; at most `MOST_KEYS`."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: Any) -> tuple[UUID, ...]:
        if len(value or ()) > MOST_KEYS:
            raise forms.ValidationError(f"At most {MOST_KEYS} texts can be given back at once.")
        try:
            return tuple(UUID(key) for key in value or ())
        except (AttributeError, TypeError, ValueError) as error:
            raise forms.ValidationError("A text in hand is named by its key; something else was sent.") from error


class ReleaseForm(forms.Form):
    lease = KeysField(required=False)

    def sentence(self) -> str:
        return str(self.errors["lease"][0])


class UndoForm(forms.Form):
    key = forms.UUIDField(required=False)
