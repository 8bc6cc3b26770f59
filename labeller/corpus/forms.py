"""The forms of an import. They clean and convert; they never save."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from labeller.corpus.encodings import ENCODINGS
from labeller.corpus.mapping import SEPARATORS, Layout, Mapping
from labeller.corpus.models import ImportJob
from labeller.corpus.readers import FORMATS
from labeller.corpus.services import MEGABYTE
from labeller.numerals import whole

DELIMITER_CHOICES = [
    (",", _("Comma  ,")), (";", _("Semicolon  ;")), ("tab", _("Tab")), ("|", _("Bar  |")), ("^", _("Caret  ^")),
    ("~", _("Tilde  ~")), (":", _("Colon  :")), ("other", _("Another character")),
]  # fmt: skip
NONE: list[tuple[str, Any]] = [("", _("None"))]
MACHINE_NAME = 120  # characters


class UploadForm(forms.Form):
    file = forms.FileField(label=_("File"), error_messages={"required": _("Choose a file first.")})

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].help_text = _("At most %(most)s MB.") % {"most": whole(settings.UPLOAD_LIMIT // MEGABYTE)}


class LayoutForm(forms.Form):
    format = forms.ChoiceField(label=_("Format"), choices=[(key, _(item.name)) for key, item in FORMATS.items()])
    encoding = forms.ChoiceField(label=_("Encoding"), choices=[(key, _(name)) for key, name in ENCODINGS.items()])
    delimiter = forms.ChoiceField(label=_("Columns are separated by"), choices=DELIMITER_CHOICES, required=False)
    other_delimiter = forms.CharField(label=_("That character"), max_length=1, strip=False, required=False)
    header = forms.BooleanField(label=_("The first row names the columns"), required=False)
    quoted = forms.BooleanField(label=_("Cells may stand in double quotes"), required=False)

    @staticmethod
    def initial_of(layout: Layout) -> dict[str, Any]:
        listed = {key for key, _ in DELIMITER_CHOICES}
        mark = "tab" if layout.delimiter == "\t" else layout.delimiter
        return {
            "format": layout.format,
            "encoding": layout.encoding,
            "delimiter": mark if mark in listed else "other",
            "other_delimiter": "" if mark in listed else mark,
            "header": layout.header,
            "quoted": layout.quoted,
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("delimiter") == "other" and cleaned.get("other_delimiter", "") in ("", '"', "\n", "\r", "\x00"):
            self.add_error("other_delimiter", _('Type the one character that separates columns; not a quote (").'))
        return cleaned

    def layout(self, before: Layout) -> Layout:
        """The layout chosen. What the form does not show for this format stays as it was."""
        values = self.cleaned_data
        if values["format"] != "csv" or before.format != "csv":
            # A form for another format had no boxes for these: empty does not mean no.
            return Layout(values["format"], values["encoding"], before.delimiter, before.header, before.quoted)
        mark = values["delimiter"] or before.delimiter
        delimiter = {"tab": "\t", "other": values["other_delimiter"]}.get(mark, mark)
        return Layout("csv", values["encoding"], delimiter, values["header"], values["quoted"])


class ColumnsForm(forms.Form):
    text = forms.ChoiceField(label=_("The text"))
    external_id = forms.ChoiceField(label=_("Your own id for it"), required=False)
    labels = forms.ChoiceField(label=_("Labels already given"), required=False)
    label_use = forms.ChoiceField(label=_("What to do with them"), choices=ImportJob.LabelUse, required=False)
    separator = forms.ChoiceField(
        label=_("Several labels in one cell are"),
        choices=[(key, _(said)) for key, said in SEPARATORS.items()],
        required=False,
    )
    create_labels = forms.ChoiceField(
        label=_("A label not in the project"),
        choices=[("add", _("Add it to the project")), ("refuse", _("Refuse the line"))],
        required=False,
    )
    machine = forms.CharField(
        label=_("The LLM’s name"),
        max_length=MACHINE_NAME,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": _("gpt-x, prompt 2"), "autocomplete": "off"}),
    )
    metadata = forms.MultipleChoiceField(
        label=_("Keep beside the text"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, columns: Sequence[str], multi: bool, is_test: bool = False, **kwargs: Any) -> None:
        """`multi`: whether a text may have several labels; elsewhere nobody is asked what stands between them.
        `is_test`: labels are what such a file is for, so nobody is asked what to do with them."""
        super().__init__(*args, **kwargs)
        if not multi:
            del self.fields["separator"]
        if is_test:
            del self.fields["label_use"]
            self.fields["labels"].required = True
            self.fields["labels"].label = _("The labels")
            self.fields["labels"].error_messages["required"] = _(
                "Choose the column of labels: without them nothing is measured."
            )
        choices = [(name, name) for name in columns]
        self.columns = columns
        for name in ("text", "external_id", "labels", "metadata"):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices if name in ("text", "metadata") else NONE + choices

    @staticmethod
    def initial_of(mapping: Mapping, columns: Sequence[str]) -> dict[str, Any]:
        return {
            "text": mapping.text,
            "external_id": mapping.external_id,
            "labels": mapping.labels,
            "label_use": mapping.label_use,
            "separator": mapping.separator,
            "create_labels": "add" if mapping.create_labels else "refuse",
            "machine": mapping.machine,
            "metadata": [name for name in columns if name not in mapping.left_out],
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        chosen = [cleaned.get(name) for name in ("text", "external_id", "labels") if cleaned.get(name)]
        for name in ("external_id", "labels"):
            if cleaned.get(name) and chosen.count(cleaned[name]) > 1:
                twice = _("'%(column)s' is used twice. Choose another column, or none.")
                self.add_error(name, twice % {"column": cleaned[name]})
        cleaned["machine"] = " ".join(cleaned.get("machine", "").split())
        by_machine = cleaned.get("labels") and cleaned.get("label_use") == ImportJob.LabelUse.MACHINE
        if by_machine and not cleaned["machine"] and "machine" in self.data:  # asked for once it is chosen
            self.add_error("machine", _("Name the LLM: its labels are kept and measured under that name."))
        return cleaned

    @property
    def asks_for_use(self) -> bool:
        """Whether a column of labels was chosen before anybody could be asked what to do with them."""
        return "label_use" in self.fields and bool(self.cleaned_data["labels"]) and not self.cleaned_data["label_use"]

    def mapping(self, layout: Layout) -> Mapping:
        values = self.cleaned_data
        used = {values["text"], values["external_id"], values["labels"]}
        # A column in use has no box of its own: unticked means left out only where there was a box.
        left_out = tuple(name for name in self.columns if name not in values["metadata"] and name not in used)
        return Mapping(
            layout,
            values["text"],
            values["external_id"],
            values["labels"],
            values.get("separator", ""),
            left_out,
            self._label_use(),
            values["create_labels"] != "refuse",
            values["machine"],
        )

    def _label_use(self) -> str:
        if "label_use" not in self.fields:
            return str(ImportJob.LabelUse.ANNOTATIONS.value)
        return str(self.cleaned_data["label_use"] or ImportJob.LabelUse.IGNORE.value)
