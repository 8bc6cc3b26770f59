"""Forms clean and convert; services save."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django import forms
from django.conf import settings
from django.core.validators import RegexValidator
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from labeller.projects.hotkeys import KEYS
from labeller.projects.labels import NAME_LENGTH, Draft, LabelError, parse_lines
from labeller.projects.languages import languages_of_texts
from labeller.projects.models import Project, Role

GUIDELINES_LENGTH = 100_000
MOST_PEOPLE = 10


def _encoders() -> list[tuple[str, str]]:
    return [
        (key, key if source != "bundled" else gettext("%(encoder)s (comes with Labeller)") % {"encoder": key})
        for key, source in settings.ENCODERS.items()
    ]


class DeletionForm(forms.Form):
    name = forms.CharField(
        label=_("Its name, to confirm"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "off", "spellcheck": "false"}),
    )


class ProjectForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("What the texts are, for the people who label them.")
    )
    kind = forms.ChoiceField(
        label=_("How many labels may a text have?"),
        choices=Project.Kind.choices,
        widget=forms.RadioSelect,
        initial=Project.Kind.SINGLE,
    )
    encoder = forms.ChoiceField(
        label=_("Language model to start from"),
        choices=_encoders,
        help_text=_("The pretrained encoder that your labels fine-tune. The server's owner keeps this list."),
    )
    guidelines = forms.CharField(
        label=_("Guidelines"),
        required=False,
        max_length=GUIDELINES_LENGTH,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=_("Markdown. Shown beside every text: when does each label apply, and when not?"),
    )
    language = forms.ChoiceField(
        label=_("Language of the texts, labels and guidelines"),
        required=False,
        choices=languages_of_texts,
        help_text=_("So that screen readers say them in the right voice, and browsers set them in the right letters."),
    )
    suggestions = forms.ChoiceField(
        label=_("The model's suggestion"),
        choices=Project.Suggestions.choices,
        widget=forms.RadioSelect,
        initial=Project.Suggestions.SHOWN,
        help_text=_("A shown suggestion is quicker; a hidden one cannot sway anybody."),
    )
    overlap = forms.IntegerField(
        label=_("People who answer the same text"),
        min_value=1,
        max_value=MOST_PEOPLE,
        initial=1,
        help_text=_("More than one lets you measure how far people agree. None sees another's answer."),
    )
    overlap_on = forms.ChoiceField(
        label=_("Which texts that many people answer"),
        required=False,
        choices=Project.OverlapOn.choices,
        widget=forms.RadioSelect,
        initial=Project.OverlapOn.ALL,
        help_text=_(
            "A share is usually enough: an answer saved there labels another text. The share is drawn from the "
            "audit texts by lot, whatever a model says. A text once chosen stays chosen, and answers given stay."
        ),
    )
    overlap_share = forms.IntegerField(
        label=_("The share, in per cent"),
        required=False,
        min_value=1,
        max_value=100,
        initial=10,
        help_text=_("Counts only for a share of the texts drawn at random."),
    )
    strategy = forms.ChoiceField(
        label=_("Order of the texts"),
        required=False,
        choices=Project.Strategy.choices,
        widget=forms.RadioSelect,
        initial=Project.Strategy.DEFAULT,
        help_text=_("At random only for comparison: it takes more labels."),
    )
    audit = forms.TypedChoiceField(
        label=_("Audit texts"),
        required=False,
        choices=[
            (True, _("Set texts apart and draw them at random")),
            (False, pgettext_lazy("of audit texts", "None")),
        ],
        coerce=lambda chosen: chosen == "True",
        empty_value=None,
        widget=forms.RadioSelect,
        initial=True,
        help_text=_(
            "Without them every label teaches, but only a test file of your own (Results → Test file) says how "
            "good the model is. Choose “None” only with one, and before labelling begins: texts set apart later are no "
            "fair sample, for the model has chosen from them by then, and once a full model was tuned without them "
            "there is no way back."
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["encoder"].initial = settings.DEFAULT_ENCODER

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())

    def clean_overlap_on(self) -> str:
        return str(self.cleaned_data["overlap_on"] or self.initial.get("overlap_on", Project.OverlapOn.ALL))

    def clean_overlap_share(self) -> int:
        return int(self.cleaned_data["overlap_share"] or self.initial.get("overlap_share", 10))

    def clean_strategy(self) -> str:
        """Not said: as it is. It may be one that this page does not offer."""
        return str(self.cleaned_data["strategy"] or self.initial.get("strategy", Project.Strategy.DEFAULT))

    def clean_audit(self) -> bool:
        said = self.cleaned_data["audit"]
        return bool(self.initial.get("audit", True) if said is None else said)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        nothing_drawn = said.get("audit") is False and said.get("overlap_on") == Project.OverlapOn.DRAWN
        if nothing_drawn and said.get("overlap", 1) > 1:
            self.add_error(
                "overlap_on",
                _("Without audit texts none is drawn at random. Choose “Every text”, or set audit texts apart."),
            )
        return said


class NewProjectForm(ProjectForm):
    # Django's way to leave a field out. The settings page has them: few projects want another answer than the usual.
    overlap_on = None  # type: ignore[assignment]
    overlap_share = None  # type: ignore[assignment]
    strategy = None  # type: ignore[assignment]
    audit = None  # type: ignore[assignment]
    labels = forms.CharField(
        label=_("Labels"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        help_text=_(
            "One a line, if you like with a description: “Court : says where disputes are heard”. "
            "The model reads both, so words are worth more than codes. You can add and change them later."
        ),
    )
    form_key = forms.UUIDField(required=False, widget=forms.HiddenInput, initial=uuid4)
    field_order = ("name", "kind", "labels", "guidelines", "language", "encoder", "suggestions", "overlap")

    def clean_labels(self) -> list[Draft]:
        return _drafts(self.cleaned_data["labels"])


def _drafts(text: str) -> list[Draft]:
    try:
        return parse_lines(text)
    except LabelError as error:
        raise forms.ValidationError(str(error)) from error


class LabelLinesForm(forms.Form):
    lines = forms.CharField(
        label=_("Add labels, one a line"),
        widget=forms.Textarea(
            attrs={"rows": 5, "spellcheck": "false", "placeholder": _("Court : says where disputes are heard")}
        ),
        help_text=_("After “ : ” you may describe it. Keys and colours are chosen for you."),
        error_messages={"required": _("Write at least one label.")},
    )

    def clean_lines(self) -> list[Draft]:
        drafts = _drafts(self.cleaned_data["lines"])
        if not drafts:
            raise forms.ValidationError(_("Write at least one label."))
        return drafts


class LabelForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=NAME_LENGTH)
    description = forms.CharField(
        label=_("Description"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("The model reads it too, where a text has one label: it stands for a first example."),
    )
    hotkey = forms.ChoiceField(
        label=_("Key"),
        required=False,
        choices=[("", pgettext_lazy("of keys", "none")), *((key, key.upper()) for key in KEYS)],
        help_text=_("Pressed on the labelling page."),
        error_messages={"invalid_choice": _("“%(value)s” cannot be a label's key. Choose one from the list.")},
    )
    colour = forms.CharField(
        label=_("Colour"),
        widget=forms.TextInput(attrs={"type": "color"}),
        help_text=_("Made lighter or darker where it would be hard to read."),
        validators=[RegexValidator(r"^#[0-9a-f]{6}\Z", _("A colour is written like #2f7ab8."))],
    )

    def clean_name(self) -> str:
        return " ".join(self.cleaned_data["name"].split())


class RoleForm(forms.Form):
    role = forms.ChoiceField(
        choices=Role.choices,
        error_messages={"invalid_choice": _("“%(value)s” is not a role. Choose manager, annotator or reader.")},
    )
