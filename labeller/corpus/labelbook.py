"""The project's labels by name, as an import meets them."""

from __future__ import annotations

from collections.abc import Iterable

from labeller.corpus import reasons
from labeller.corpus.errors import FileRefused
from labeller.projects.labels import MOST_LABELS, LabelError, add_labels
from labeller.projects.models import Label, Project

NAMES_SHOWN = 10


class LabelBook:
    """Names to ids, whatever their case: the database allows one spelling a project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        labels = Label.objects.filter(project=project).order_by("position", "id")
        self._ids: dict[str, int] = {}  # casefolded name -> label
        self._names: list[str] = []
        for label in labels:
            self._ids[label.name.casefold()] = label.pk
            self._names.append(label.name)
        merged = Label.everything.filter(project=project).exclude(read_as=None).order_by("retired_at")
        for name, read_as in merged.values_list("name", "read_as_id"):  # an older file still calls them that
            self._ids.setdefault(name.casefold(), read_as)
        self._expected: set[str] = set()
        self.pending: list[str] = []  # names to be added, in the order they were met

    def missing(self, names: Iterable[str]) -> list[str]:
        return [name for name in names if name.casefold() not in self._ids and name.casefold() not in self._expected]

    def expect(self, names: Iterable[str]) -> str | None:
        """Note these unknown names as labels to be added. Answers with a reason instead when they would be too many."""
        unknown = self.missing(names)
        if len(self._names) + len(unknown) > MOST_LABELS:
            values = {"name": unknown[0], "number": f"{len(self._names) + 1:,}", "most": f"{MOST_LABELS:,}"}
            return reasons.MANY_LABELS % values
        for name in unknown:
            self._expected.add(name.casefold())
            self._names.append(name)
            self.pending.append(name)
        return None

    def add_pending(self) -> None:
        """Write the noted names as labels, with a colour and a key each."""
        if self.pending:
            try:
                added = add_labels(project=self.project, names=self.pending)
            except LabelError as error:
                raise FileRefused(str(error)) from error
            self._ids |= {label.name.casefold(): label.pk for label in added}
            self.pending = []

    def ids(self, names: Iterable[str]) -> tuple[int, ...]:
        """Of names that are labels by now. Raises KeyError for others."""
        return tuple(self._ids[name.casefold()] for name in names)

    def unknown_sentence(self, name: str) -> str:
        known, more = ", ".join(self._names[:NAMES_SHOWN]) or reasons.NONE_YET, len(self._names) - NAMES_SHOWN
        sentence = reasons.UNKNOWN_LABEL_OF_MANY if more > 0 else reasons.UNKNOWN_LABEL
        return sentence % {"name": name, "known": known, "more": more}
