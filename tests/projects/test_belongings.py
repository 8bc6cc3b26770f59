"""What belongs to a project is found by the relations, so that no table is forgotten when a project goes."""

from __future__ import annotations

from django.apps import apps
from django.db import models

from labeller.annotation.models import Annotation
from labeller.corpus.models import Document, ImportJob
from labeller.learning.models import ModelVersion, TrainingRun, WorkerPulse
from labeller.projects.belongings import tables
from labeller.projects.models import Label, Project, User

LISTED = [table.model for table in tables()]
OF_NO_PROJECT = {User, User.groups.through, User.user_permissions.through, WorkerPulse}


def ours() -> set[type[models.Model]]:
    return {model for model in apps.get_models(include_auto_created=True) if model.__module__.startswith("labeller.")}


def relations(model: type[models.Model]) -> list[models.ForeignKey]:  # type: ignore[type-arg]
    return [field for field in model._meta.concrete_fields if isinstance(field, models.ForeignKey)]


def test_every_table_of_this_product_belongs_to_projects_or_is_known_not_to():
    assert ours() - set(LISTED) - {Project} == OF_NO_PROJECT


def test_whatever_names_a_row_of_a_project_belongs_to_it_as_well():
    naming = {
        model
        for model in apps.get_models(include_auto_created=True)
        for field in relations(model)
        if field.related_model in {Project, *LISTED}
    }
    assert naming <= set(LISTED)


def test_a_table_that_names_another_goes_before_it():
    for at, model in enumerate(LISTED):
        for field in relations(model):
            if field.related_model in LISTED and field.related_model is not model:
                assert LISTED.index(field.related_model) > at, f"{model} names {field.related_model}"


def test_each_is_there_once_and_each_way_leads_to_the_project():
    assert len(set(LISTED)) == len(LISTED)
    for table in tables():
        step: type[models.Model] = table.model
        for name in table.path.split("__"):
            field = step._meta.get_field(name)
            assert not field.null, f"{table}: rows without {name} would stay"
            step = field.related_model  # type: ignore[assignment]
        assert step is Project


def test_rows_that_name_their_own_kind_can_let_go():
    by_model = {table.model: table.to_itself for table in tables()}
    assert {model: names for model, names in by_model.items() if names} == {
        Annotation: ("superseded_by",),
        Label: ("merged_into", "read_as"),
        ModelVersion: ("base",),
    }
    assert all(model._meta.get_field(name).null for model, names in by_model.items() for name in names)


def test_the_great_tables_are_among_them():
    assert {Document, ImportJob, TrainingRun, Annotation.labels.through} <= set(LISTED)
