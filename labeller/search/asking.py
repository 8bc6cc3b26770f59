"""What is looked for: everything a list is made of, as its address has it. So a list can be kept and sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict

from labeller.annotation.forms import WholeNumbersField
from labeller.corpus.models import ImportJob
from labeller.corpus.query import LONGEST, WordQuery, parse
from labeller.projects.models import Label, Project

MOST_LIKE = 50  # texts whose mean is looked for


class By:
    WORDS, MEANING = "words", "meaning"


class Status:
    """What can be asked of a text's answers."""

    CHOICES = (
        ("", "Any"),
        ("unlabelled", "Not labelled"),
        ("labelled", "Labelled"),
        ("skipped", "Skipped"),
        ("unsure", "Unsure"),
        ("disagreed", "Answers differ"),
    )


@dataclass(frozen=True)
class Asked:
    """One list. Empty parts ask for nothing."""

    typed: str = ""
    by: str = By.WORDS
    like: tuple[int, ...] = ()
    like_label: int | None = None
    label: int | None = None
    status: str = ""
    who: int | None = None
    model_label: int | None = None
    least: int | None = None  # per cent
    most: int | None = None
    field: str = ""
    value: str = ""
    batch: int | None = None

    @property
    def words(self) -> WordQuery:
        """The words that a text has to have: none when they were typed for their meaning."""
        return parse(self.typed) if self.by == By.WORDS else WordQuery()

    @property
    def asks_meaning(self) -> bool:
        return bool(self.like or self.like_label or (self.by == By.MEANING and self.typed))

    @property
    def asks_model(self) -> bool:
        return self.model_label is not None or self.least is not None or self.most is not None

    @property
    def asks_answers(self) -> bool:
        return bool(self.label or self.status or self.who)

    @property
    def filters(self) -> bool:
        return self.asks_answers or self.asks_model or bool(self.field) or self.batch is not None

    @property
    def is_empty(self) -> bool:
        return not (self.typed or self.asks_meaning or self.filters)


class SearchForm(forms.Form):
    """The search box and the filters. Whatever does not fit is left out, with a sentence: an old address with a label
    that is gone still opens."""

    q = forms.CharField(required=False, max_length=LONGEST, label="Words")
    by = forms.ChoiceField(
        required=False,
        choices=((By.WORDS, "Words"), (By.MEANING, "Meaning")),
        widget=forms.RadioSelect,
        label="Search by",
    )
    like = WholeNumbersField(required=False)
    like_label = forms.ChoiceField(required=False, label="Like the texts labelled")
    label = forms.ChoiceField(required=False, label="Label given")
    status = forms.ChoiceField(required=False, choices=Status.CHOICES, label="State")
    who = forms.ChoiceField(required=False, label="Answered by")
    model_label = forms.ChoiceField(required=False, label="The model says")
    least = forms.IntegerField(required=False, min_value=0, max_value=100, label="Sure from, %")
    most = forms.IntegerField(required=False, min_value=0, max_value=100, label="to, %")
    field = forms.CharField(
        required=False, max_length=200, label="Field", widget=forms.TextInput(attrs={"list": "known-fields"})
    )
    value = forms.CharField(required=False, max_length=500, label="is")
    batch = forms.ChoiceField(required=False, label="Import")

    MODEL = ("model_label", "least", "most")

    def __init__(
        self, data: QueryDict, project: Project, labels: list[Label], *, model: bool, fields: list[str]
    ) -> None:
        super().__init__(data, auto_id="find-%s")
        names = [("", "Any"), *((label.pk, label.name) for label in labels)]
        self._choose("label", names)
        self._choose("like_label", [("", "None"), *names[1:]])
        people = project.memberships.order_by("user__username").values_list("user_id", "user__username")
        self._choose("who", [("", "Anybody"), *people])
        jobs = ImportJob.objects.filter(project=project, added__gt=0).order_by("-id")[:100]
        self._choose(
            "batch", [("", "Any"), *((job.pk, f"{job.created_at:%-d %b %Y}: {job.file_name}") for job in jobs)]
        )
        if model:
            self._choose("model_label", names)
        else:
            for name in self.MODEL:
                del self.fields[name]
        self.metadata_fields = fields

    def _choose(self, name: str, choices: list[Any]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def asked(self) -> Asked:
        """What is asked, without what does not fit."""
        self.is_valid()
        data = self.cleaned_data

        def number(name: str) -> int | None:
            value = data.get(name)
            return None if value in (None, "") else int(value)

        return Asked(
            typed=data.get("q") or "",
            by=data.get("by") or By.WORDS,
            like=tuple(dict.fromkeys(data.get("like") or ()))[:MOST_LIKE],
            like_label=number("like_label"),
            label=number("label"),
            status=data.get("status") or "",
            who=number("who"),
            model_label=number("model_label"),
            least=number("least"),
            most=number("most"),
            field=data.get("field") or "",
            value=data.get("value") or "",
            batch=number("batch"),
        )

    def sentence(self) -> str:
        """What does not fit, in one line; empty when all does."""
        parts = []
        for name, errors in self.errors.items():
            label = self.fields[name].label if name in self.fields else name
            parts.append(f"{label or name}: {errors[0]}")
        return " ".join(parts)
