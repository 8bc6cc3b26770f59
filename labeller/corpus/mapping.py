"""What the columns of a file mean. Stored with the import as JSON, shown and changed in the mapping form."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Self

from django.utils.translation import gettext_noop

from labeller.corpus.models import ImportJob

SEPARATORS: dict[str, str] = {
    "|": gettext_noop("separated by a bar  |"),
    ";": gettext_noop("separated by a semicolon  ;"),
    "#": gettext_noop("separated by a hash  #"),
    ",": gettext_noop("separated by a comma  ,"),
    "": gettext_noop("not expected: never split"),
}


@dataclass(frozen=True)
class Layout:
    """How bytes become rows."""

    format: str  # a key of readers.FORMATS
    encoding: str = "utf-8"  # a key of encodings.ENCODINGS
    delimiter: str = ","  # CSV only, one character; so are the two below
    header: bool = True  # the first row names the columns
    quoted: bool = True  # a cell may stand in double quotes


@dataclass(frozen=True)
class Mapping:
    """How rows become texts. Columns that are neither named here nor left out become metadata, also those of JSON Lines
    that turn up late in the file."""

    layout: Layout
    text: str
    external_id: str = ""  # empty: none
    labels: str = ""  # empty: none
    separator: str = "|"  # between several labels in one cell; empty: never split, as where a text has one label
    left_out: tuple[str, ...] = field(default=())
    # A column that only looks like labels makes no answers of anybody's unless somebody says so.
    label_use: str = ImportJob.LabelUse.IGNORE.value
    create_labels: bool = True  # labels the project does not know: add them, or refuse the line
    machine: str = ""  # the name of the language model that gave the labels, where one did

    @property
    def reads_labels(self) -> bool:
        return bool(self.labels) and self.label_use != ImportJob.LabelUse.IGNORE

    @property
    def takes_answers(self) -> bool:
        return bool(self.labels) and self.label_use in (ImportJob.LabelUse.ANNOTATIONS, ImportJob.LabelUse.MACHINE)

    @property
    def is_by_machine(self) -> bool:
        return self.takes_answers and self.label_use == ImportJob.LabelUse.MACHINE

    @property
    def may_refuse_labels(self) -> bool:
        """Whether a label that the project does not know may be added or refused, as somebody decides."""
        return self.takes_answers and not self.is_by_machine

    @property
    def adds_labels(self) -> bool:
        """A language model adds none: what it invents or says besides is no label of anybody's."""
        return self.reads_labels and not self.is_by_machine and (self.create_labels or not self.takes_answers)

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"left_out": list(self.left_out)}  # as JSON gives it back: compared with what is stored

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        values = dict(stored)
        return cls(
            **{**values, "layout": Layout(**values["layout"]), "left_out": tuple(values.get("left_out", ()))},
        )
