"""The tables that hold rows of a project, in every app, found by the relations themselves: this app need not know the
apps above it, and a table that is added tomorrow is in the list."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter

from django.db import models
from django.db.models import Exists, OuterRef, Q

from labeller.projects.models import Project

Model = type[models.Model]
Rows = models.QuerySet[models.Model]


@dataclass(frozen=True)
class Table:
    """Rows that go with a project, because each has to name it, or a row that has to name it."""

    model: Model
    path: str  # from its rows to the project, as a lookup: "score__version__project"
    to_itself: tuple[str, ...]  # its fields that name another row of its own

    @property
    def name(self) -> str:
        return self.model._meta.label

    def rows(self, project_id: int) -> Rows:
        return self.model._base_manager.filter(**{self.path: project_id})

    def some_keys(self, project_id: int, *, after: int, count: int) -> list[int]:
        """The primary keys that follow `after`, ascending. From call to call the table is walked through once: what
        hangs by other rows is looked up from here, never all of it from the project."""
        first, _, rest = self.path.partition("__")
        found = self.model._base_manager.all()
        if rest:
            over = self.model._meta.get_field(first).related_model
            found = found.filter(Exists(over._base_manager.filter(**{"pk": OuterRef(first), rest: project_id})))  # type: ignore[union-attr]
        else:
            found = found.filter(**{first: project_id})
        return list(found.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:count])

    def delete(self, keys: Sequence[int]) -> None:
        """These rows, without looking for others that name them. Rows of this table that do let go of them."""
        if self.to_itself:
            naming = Q(*((f"{name}__in", keys) for name in self.to_itself), _connector=Q.OR)
            self.model._base_manager.filter(naming).update(**dict.fromkeys(self.to_itself))
        wipe(self.model._base_manager.filter(pk__in=keys))


def wipe(rows: models.QuerySet[models.Model]) -> int:
    """One DELETE. Django's own would load rows to find what names them, and stop at a protected one."""
    return rows._raw_delete(rows.db)


@cache
def tables() -> tuple[Table, ...]:
    """Each of them once, without the project's own. A table that names another comes before it."""
    paths = _paths()
    # The sorter wants to know what has to come before: here, whoever names the table.
    before: dict[Model, list[Model]] = {model: [] for model in paths}
    for model in paths:
        for other in {field.related_model for field in model._meta.concrete_fields} - {model}:
            if other in before:
                before[other].append(model)
    order = TopologicalSorter(before).static_order()
    return tuple(Table(model, paths[model], _to_itself(model)) for model in order)


def _paths() -> dict[Model, str]:
    """By table the shortest way to the project, over relations that no row can be without."""
    found: dict[Model, str] = {Project: ""}
    waiting: deque[Model] = deque([Project])
    while waiting:
        owner = waiting.popleft()
        for relation in owner._meta.get_fields(include_hidden=True):
            if not isinstance(relation, models.ManyToOneRel) or relation.on_delete is not models.CASCADE:
                continue
            model, name = relation.related_model, relation.field.name
            if model not in found and not relation.field.null:
                found[model] = f"{name}__{found[owner]}" if found[owner] else name
                waiting.append(model)
    del found[Project]
    return found


def _to_itself(model: Model) -> tuple[str, ...]:
    return tuple(field.name for field in model._meta.concrete_fields if field.related_model is model)
