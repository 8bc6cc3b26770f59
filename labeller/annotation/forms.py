"""What a browser may send. These only clean and convert; the services decide."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from labeller.annotation.history import Wanted
from labeller.annotation.models import Annotation
from labeller.annotation.services import Given, Said
from labeller.projects.models import Label

MOST_HELD = 100  # leases that a page may give back at once; it holds five, and those of undone answers
LONGEST = timedelta(days=1)  # a page open for longer says nothing of the time that an answer took


LARGEST = 2**63 - 1  # that a database takes


class WholeNumbersField(forms.Field):
    """Every value posted under one name, as a tuple of whole numbers."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: Any) -> tuple[int, ...]:
        try:
            numbers = tuple(int(number) for number in value or ())
        except (TypeError, ValueError) as error:
            raise forms.ValidationError(_("A label is named by its number; something else was sent.")) from error
        if any(not 0 <= number <= LARGEST for number in numbers):
            raise forms.ValidationError(_("No label has such a number."))
        return numbers


class HeldField(forms.Field):
    """Every `<lease's key> <its expiry as told>` posted under one name, as a mapping."""

    widget = forms.MultipleHiddenInput

    def to_python(self, value: Any) -> dict[UUID, datetime]:
        if len(value or ()) > MOST_HELD:
            raise forms.ValidationError(_("At most %(n)s leases are given back at once.") % {"n": MOST_HELD})
        try:
            pairs = [str(one).split(" ", 1) for one in value or ()]
            held = {UUID(key): datetime.fromisoformat(until) for key, until in pairs}
        except ValueError as error:
            raise forms.ValidationError(_("A lease is named by its key and its expiry.")) from error
        if any(timezone.is_naive(until) for until in held.values()):
            raise forms.ValidationError(_("An expiry needs its time zone."))
        return held


class LeaveForm(forms.Form):
    held = HeldField(required=False)


class SaidForm(forms.Form):
    """What is said of a text: labels, none of them, or a skip or unsure; with a comment."""

    key = forms.UUIDField()
    status = forms.ChoiceField(choices=Annotation.Status, required=False)
    label = WholeNumbersField(required=False)
    comment = forms.CharField(required=False)
    guidelines = forms.IntegerField(required=False, min_value=0)
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

    def sentence(self) -> str:
        """The first thing wrong, for a page that has room for one line."""
        name, errors = next(iter(self.errors.items()))
        return _("The answer could not be read: %(field)s: %(problem)s") % {"field": name, "problem": errors[0]}


class AnswerForm(SaidForm):
    lease = forms.UUIDField()
    seconds = forms.FloatField(required=False, min_value=0)

    def given(self) -> Given:
        data = self.cleaned_data
        fields = ("key", "status", "label", "seconds", "comment", "guidelines")
        return Given(*(data[field] for field in fields), lease_key=data["lease"])


class ChangeForm(SaidForm):
    """`opened`: when the page with the earlier answer was made, so that the time spent is known without a script. One
    that sends the change later says the `seconds` itself."""

    opened = forms.DateTimeField(required=False)
    seconds = forms.FloatField(required=False, min_value=0)

    def said(self) -> Said:
        data = self.cleaned_data
        spent = timezone.now() - data["opened"] if data["opened"] else None
        if data["seconds"] is not None:
            spent = timedelta(seconds=min(data["seconds"], 2 * LONGEST.total_seconds()))
        seconds = spent.total_seconds() if spent is not None and timedelta() <= spent <= LONGEST else None
        return Said(data["key"], data["status"], data["label"], seconds, data["comment"])


class WantedForm(forms.Form):
    """Which of one's answers to see: `show` is a status or the number of a label."""

    show = forms.ChoiceField(required=False, label=gettext_lazy("Show"))

    def __init__(self, data: Any, labels: list[Label]) -> None:
        super().__init__(data)
        names: list[tuple[str, Any]] = [("", _("All answers")), *Annotation.Status.choices]
        self.fields["show"].choices = [*names, (_("Labels"), [(str(label.pk), label.name) for label in labels])]  # type: ignore[attr-defined]

    def wanted(self) -> Wanted:
        """All answers where something else was asked for, a label deleted since, say."""
        show = self.cleaned_data["show"] if self.is_valid() else ""
        return Wanted(label=int(show)) if show.isdecimal() else Wanted(status=show)


class UndoForm(forms.Form):
    key = forms.UUIDField(required=False)


class WordsForm(forms.Form):
    lease = forms.UUIDField()
    label = forms.IntegerField(required=False)
    again = forms.BooleanField(required=False)
