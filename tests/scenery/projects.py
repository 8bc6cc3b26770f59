"""Projects, their labels and guidelines, and who is in them."""

from __future__ import annotations

from django.urls import reverse

from labeller.annotation.label_changes import look_again
from labeller.learning.models import TrainingRun
from labeller.learning.runs import DIED_TWICE
from labeller.notices.models import Notice
from labeller.projects.archiving import archive
from labeller.projects.deleting import ask_for_deletion
from labeller.projects.guideline_versions import record_version
from labeller.projects.merging import merge_labels
from labeller.projects.models import Invitation, Role
from tests.annotation.acts import give, one
from tests.cast import add_texts, join, make_project, make_user
from tests.scenery.stage import Seen, Stage


def others(stage: Stage) -> list[Seen]:
    """A project of many labels, a finished one, an empty one; the pages of nobody's project and of none."""
    several = make_project("multi", labels=[f"Kind of clause {at}" for at in range(30)], name="Several")
    finished, empty = make_project(name="Finished"), make_project(labels=(), name="Empty")
    archived, going = make_project(name="Archived"), make_project(name="Going")
    for other in (several, finished, empty, archived, going):
        join(other, stage.alice, Role.MANAGER)
    for other in (archived, going):
        archive(project=other)
    ask_for_deletion(project=going, name="Going")
    add_texts(several, ["One text", *(f"A clause of several kinds, number {at}." for at in range(5))])
    add_texts(finished, ["Only one"])
    give(finished, stage.alice, one(finished, stage.alice), finished.labels.first())
    told = f"Fine-tuning failed: {DIED_TWICE[TrainingRun.Kind.FULL]}"
    Notice.objects.create(project=stage.project, kind="failed", sentence=told)
    return [
        *(Seen(name, reverse(name)) for name in ("projects", "project-new", "account_change_password")),
        Seen("account_logout", reverse("account_logout")),
        Seen("account_login", reverse("account_login"), nobody=True),
        Seen("account_signup", reverse("account_signup"), nobody=True),
        Seen("not found", "/p/nowhere/"),
        *(stage.of("project", project=other) for other in (archived, going)),
        stage.of("project-delete", project=archived),
        *(stage.of(name, project=empty) for name in ("project", "labels", "guidelines", "members")),
        *(stage.of("project", project=other) for other in (finished, several)),
    ]


def rules(stage: Stage) -> list[Seen]:
    """Guidelines and labels that have changed: versions, a merge, labels that are looked at again."""
    project, several = stage.project, stage.called("Several")
    project.guidelines = "# Clauses\n\nGive **Change** when the terms may change.\n\n- One\n- Two"
    project.save()
    record_version(project=project, by=stage.alice)
    project.guidelines += "\n- Three"
    project.save()
    record_version(project=project, by=stage.alice)
    label, other = project.labels.all()[:2]
    looked_at = look_again(project=project, label=label, by=stage.alice)
    merge = merge_labels(project=several, labels=list(several.labels.all()[:2]), into="Both", by=stage.alice)
    return [
        *(stage.of(name) for name in ("labels", "guidelines", "label-changes", "label-merge")),
        *(stage.of(name, label.pk) for name in ("label-edit", "label-delete")),
        *(stage.of(name, 1) for name in ("guidelines-version", "guidelines-restore")),
        *(stage.of("guidelines-version", number) for number in (2, project.guidelines_number)),
        *(stage.of(name, other.pk) for name in ("label-split", "label-look-again")),
        stage.of("label-look-end", looked_at.pk),
        *(stage.of(name, project=several) for name in ("labels", "guidelines", "label-changes")),
        stage.of("label-merge-undo", merge.pk, project=several),
    ]


def people(stage: Stage) -> list[Seen]:
    """Members, invitations that are open or closed, and the settings."""
    project = stage.project
    invitation = Invitation.objects.create(project=project, role=Role.ANNOTATOR, created_by=stage.alice)
    used = Invitation.objects.create(
        project=project, role=Role.READER, created_by=stage.alice, accepted_at=project.created_at
    )
    eve = make_user("eve")
    other = make_project(name="Eve's")
    join(other, eve, Role.MANAGER)
    welcome = Invitation.objects.create(project=other, role=Role.ANNOTATOR, created_by=eve)
    return [
        *(stage.of(name) for name in ("project", "project-settings", "project-archive", "members", "notice-settings")),
        stage.of("member-remove", project.memberships.get(user=stage.bob).pk),
        stage.of("member-remove", project.memberships.get(user=stage.alice).pk),
        stage.of("invitation-revoke", invitation.pk),
        Seen("invitation", reverse("invitation", args=[welcome.token])),
        *(Seen("invitation", reverse("invitation", args=[one.token]), nobody=True) for one in (invitation, used)),
    ]
