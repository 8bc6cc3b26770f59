"""What is looked for: everything a list is made of, as its address has it. So a list can be kept and sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

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
        ("", pgettext_lazy("state", "Any")),
        ("unlabelled", gettext_lazy("Not labelled")),
        ("labelled", gettext_lazy("Labelled")),
        ("skipped", gettext_lazy("Skipped")),
        ("unsure", gettext_lazy("Unsure")),
        ("disagreed", gettext_lazy("Answers differ")),
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
    def lacks_words(self) -> bool:
        """Whether something was typed that has no word in it, "§" say: of no text can it be said that it fits."""
        return bool(self.typed) and self.by == By.WORDS and self.words.is_empty

    @property
    def has_examples(self) -> bool:
        """Whether texts were chosen that others are to be like."""
        return bool(self.like or self.like_label)

    @property
    def asks_meaning(self) -> bool:
        return bool(self.has_examples or (self.by == By.MEANING and self.typed))

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

    q = forms.CharField(required=False, max_length=LONGEST, label=gettext_lazy("Words"))
    by = forms.ChoiceField(
        required=False,
        choices=((By.WORDS, gettext_lazy("Words")), (By.MEANING, gettext_lazy("Meaning"))),
        widget=forms.RadioSelect,
        label=gettext_lazy("Search by"),
    )
    like = WholeNumbersField(required=False)
    like_label = forms.ChoiceField(required=False, label=gettext_lazy("Like the texts labelled"))
    label = forms.ChoiceField(required=False, label=gettext_lazy("Label given"))
    status = forms.ChoiceField(required=False, choices=Status.CHOICES, label=gettext_lazy("State"))
    who = forms.ChoiceField(required=False, label=gettext_lazy("Answered by"))
    model_label = forms.ChoiceField(required=False, label=gettext_lazy("The model says"))
    least = forms.IntegerField(required=False, min_value=0, max_value=100, label=gettext_lazy("Sure from, %"))
    most = forms.IntegerField(required=False, min_value=0, max_value=100, label=gettext_lazy("to, %"))
    field = forms.CharField(
        required=False,
        max_length=200,
        label=gettext_lazy("Field"),
        widget=forms.TextInput(attrs={"list": "known-fields"}),
    )
    value = forms.CharField(required=False, max_length=500, label=pgettext_lazy("a field’s value", "is"))
    batch = forms.ChoiceField(required=False, label=gettext_lazy("Import"))

    MODEL = ("model_label", "least", "most")

    def __init__(
        self, data: QueryDict, project: Project, labels: list[Label], *, model: bool, fields: list[str]
    ) -> None:
        super().__init__(data, auto_id="find-%s")
        names = [("", pgettext("label", "Any")), *((label.pk, label.name) for label in labels)]
        self._choose("label", names)
        self._choose("like_label", [("", _("None")), *names[1:]])
        people = project.memberships.order_by("user__username").values_list("user_id", "user__username")
        self._choose("who", [("", _("Anybody")), *people])
        jobs = ImportJob.objects.filter(project=project, added__gt=0).order_by("-id")[:100]
        days = [date_format(timezone.localtime(job.created_at), _("j M Y")) for job in jobs]
        named = [(job.pk, f"{day}: {job.file_name}") for job, day in zip(jobs, days, strict=True)]
        self._choose("batch", [("", pgettext("import", "Any")), *named])
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
