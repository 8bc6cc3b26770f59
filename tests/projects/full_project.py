"""A project with a row in every table that can hold one, made from the fields themselves: also of tables that nobody
has thought of yet."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone

from labeller.annotation.models import Annotation
from labeller.learning.models import LoopState, ModelVersion, TrainingRun
from labeller.projects.belongings import tables
from labeller.projects.models import Label, Project, User

PLAIN: dict[type[models.Field[Any, Any]], object] = {
    models.CharField: "x",
    models.TextField: "x",
    models.FloatField: 0.5,
    models.IntegerField: 1,
    models.JSONField: {},
    models.BinaryField: b"x",
    models.BooleanField: False,
}
# Where a rule of the table wants another value than the first that fits.
SPECIAL: dict[type[models.Model], dict[str, object]] = {
    TrainingRun: {"state": "done"},
    LoopState: {"returning": None},
}


def fill_every_table(project: Project, person: User) -> None:
    """One row each, naming whatever rows of the project it can name; of those that name their own kind, two."""
    made: dict[type[models.Model], models.Model] = {Project: project, User: person}
    for table in reversed(tables()):
        there = table.rows(project.pk).first()
        made[table.model] = there or table.model._base_manager.create(**_values(table.model, made))
    label, version, answer = (_second(model, made) for model in (Label, ModelVersion, Annotation))
    merged = {"merged_into": made[Label], "read_as": made[Label], "retired_at": timezone.now()}
    Label.everything.filter(pk=label.pk).update(**merged)
    ModelVersion.objects.filter(pk=version.pk).update(base=made[ModelVersion])
    Annotation.objects.filter(pk=answer.pk).update(superseded_at=timezone.now(), superseded_by=made[Annotation])


def rows_by_table(project_id: int) -> dict[str, int]:
    return {table.model._meta.label: table.rows(project_id).count() for table in tables()}


def _second(model: type[models.Model], made: dict[type[models.Model], models.Model]) -> models.Model:
    """Another row of this table, that differs in what may be there once."""
    other = {"name": "y", "number": 2, "superseded_at": timezone.now()}
    fields = {field.name for field in model._meta.concrete_fields}
    values = _values(model, made) | {name: value for name, value in other.items() if name in fields}
    return model._base_manager.create(**values)


def _values(model: type[models.Model], made: dict[type[models.Model], models.Model]) -> dict[str, Any]:
    values = {
        field.name: value
        for field in model._meta.concrete_fields
        if (value := _value(field, made)) is not None and field.related_model is not model
    }
    return values | SPECIAL.get(model, {})


def _value(field: models.Field[Any, Any], made: dict[type[models.Model], models.Model]) -> Any:
    """What this field may hold; None leaves it as it is when nobody says anything."""
    if field.is_relation:
        return made.get(field.related_model)  # type: ignore[arg-type]
    if field.primary_key or field.null or field.blank or field.has_default():
        return None
    if field.choices:
        return field.choices[0][0]  # type: ignore[index]
    if isinstance(field, models.UUIDField):
        return uuid.uuid4()
    if isinstance(field, models.DateTimeField):
        return timezone.now()
    return next((value for kind, value in PLAIN.items() if isinstance(field, kind)), None)


def files_of(project: Project) -> list[Path]:
    return [Path(settings.ARTIFACTS) / str(project.pk), Path(settings.UPLOADS) / str(project.pk)]


def put_files(project: Project) -> None:
    for folder in files_of(project):
        (folder / "versions" / "1").mkdir(parents=True)
        (folder / "versions" / "1" / "meta.json").write_text("{}")
