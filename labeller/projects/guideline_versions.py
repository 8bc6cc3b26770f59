"""Every saved change of what annotators are told makes a numbered version: the guidelines' text, the labels' names and
descriptions. Answers keep the number under which they were given."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from labeller.projects.history import GuidelinesVersion
from labeller.projects.locks import lock_project
from labeller.projects.models import Label, Project, User
from labeller.projects.notes import RESTORED
from labeller.projects.signals import tell_labels_changed


class RestoreRefused(ValueError):
    """The version cannot be restored; the message is a sentence for the page."""


def record_version(*, project: Project, by: User | None = None, note: str = "") -> GuidelinesVersion | None:
    """Keep what is told now as the next version. None when nothing changed since the newest, or nothing is told yet.

    Call it in the transaction of the change: two changes at once come one after the other.
    """
    with transaction.atomic():
        locked = lock_project(project.pk)
        newest = GuidelinesVersion.objects.filter(project=locked).first()
        labels = told_labels(locked)
        if locked.guidelines == (newest.guidelines if newest else "") and _by_id(labels) == _by_id(
            newest.labels if newest else []
        ):
            return None
        version = GuidelinesVersion.objects.create(
            project=locked,
            number=newest.number + 1 if newest else 1,
            guidelines=locked.guidelines,
            labels=labels,
            note=note[:300],
            made_by=by,
        )
        Project.objects.filter(pk=locked.pk).update(guidelines_number=version.number)
    project.guidelines_number = version.number
    return version


def told_labels(project: Project) -> list[dict[str, Any]]:
    """The labels as a version keeps them."""
    rows = Label.objects.filter(project=project).order_by("position", "id")
    return [{"id": row.pk, "name": row.name, "description": row.description} for row in rows]


def _by_id(labels: list[dict[str, Any]]) -> dict[int, dict[str, Any]]:
    """Their order is not told."""
    return {label["id"]: label for label in labels}


def restore_version(*, version: GuidelinesVersion, by: User | None = None) -> GuidelinesVersion | None:
    """Make its guidelines the present ones, and so the names and descriptions of those of its labels that are still
    there, as a new version. Labels added since stay; labels merged, split or deleted since do not come back.

    Returns None when that changes nothing. Raises RestoreRefused when a name is another label's by now.
    """
    project = Project.objects.get(pk=version.project_id)
    try:
        with transaction.atomic():
            lock_project(project.pk)
            _restore_labels(version)
            Project.objects.filter(pk=project.pk).update(guidelines=version.guidelines)
            made = record_version(project=project, by=by, note=RESTORED % {"number": version.number})
            if made is not None:
                tell_labels_changed(project.pk)
            return made
    except IntegrityError as error:
        raise RestoreRefused(
            _("A name of version %(number)s belongs to another label by now. Rename that label first.")
            % {"number": version.number}
        ) from error


def _restore_labels(version: GuidelinesVersion) -> None:
    told = {label["id"]: label for label in version.labels}
    labels = list(Label.objects.filter(project=version.project_id, pk__in=told))
    renamed = [label for label in labels if label.name != told[label.pk]["name"]]
    for label in renamed:  # two labels may have changed names: first out of each other's way
        label.name = f"{label.pk} {timezone.now().timestamp()}"
    Label.objects.bulk_update(renamed, ["name"])
    for label in labels:
        label.name, label.description = told[label.pk]["name"], told[label.pk]["description"]
    Label.objects.bulk_update(labels, ["name", "description"])
