"""Every page of the product, with something on it: for tests that look at all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from labeller.annotation.label_changes import look_again
from labeller.corpus.models import ImportJob
from labeller.learning.models import LoopState, TrainingRun
from labeller.notices.models import Notice
from labeller.projects.guideline_versions import record_version
from labeller.projects.merging import merge_labels
from labeller.projects.models import Invitation, Project, Role, User
from labeller.search.bulk import begin
from tests.annotation.acts import give, one
from tests.cast import add_texts, join, make_project
from tests.insight.scored import answered
from tests.insight.tested import add_test_set
from tests.learning.scene import KINDS


@dataclass(frozen=True)
class Seen:
    """A page and how to get there."""

    name: str  # of its address
    path: str
    then: str = ""  # a key pressed or a selector clicked before axe looks


@pytest.fixture
def scenery(project: Project, alice: User, bob: User, client_of: Callable[[User], Client]) -> Iterator[list[Seen]]:
    """A project with two models, answers of both, an import that was tried and one that is done, an invitation."""
    call_command("build_charts", verbosity=0)
    project.guidelines = "# Clauses\n\nGive **Change** when the terms may change.\n\n- One\n- Two"
    project.save()
    gold = [kind for kind, texts in KINDS.items() for _ in texts]
    texts = [text for texts in KINDS.values() for text in texts]
    for wrong in (9, 4):
        version = answered(project, texts, gold, ["Other"] * wrong + gold[wrong:], kind="full")
    LoopState.objects.create(project=project, serving=version)
    Notice.objects.create(project=project, kind="failed", sentence="Fine-tuning failed: The disk is full.")
    invitation = Invitation.objects.create(project=project, role=Role.ANNOTATOR, created_by=alice)
    add_texts(project, [f"A clause that nobody has read, number {at}. " * 30 for at in range(12)])
    given = give(project, alice, one(project, alice), project.labels.first(), comment="odd")
    several = make_project("multi", labels=[f"Kind of clause {at}" for at in range(30)], name="Several")
    join(several, alice, Role.MANAGER)
    add_texts(several, ["One text"])
    finished, empty = make_project(name="Finished"), make_project(labels=(), name="Empty")
    for other in (finished, empty):
        join(other, alice, Role.MANAGER)
    add_texts(finished, ["Only one"])
    give(finished, alice, one(finished, alice), finished.labels.first())
    file = SimpleUploadedFile("more.csv", b"text,label\nOne more,Court\nAnother,Change\n")
    mapped = client_of(alice).post(reverse("import-new", args=[project.slug]), {"file": file}).headers["Location"]
    done = ImportJob.objects.create(
        project=project, file_name="old.csv", path="x", size=9, sha256="5f" * 32, state="done", rows_read=9, added=9
    )
    text = project.documents.order_by("pk")[0].pk

    label, other_label = project.labels.all()[:2]
    member = project.memberships.get(user=bob)
    record_version(project=project, by=alice)
    project.guidelines += "\n- Three"
    project.save()
    record_version(project=project, by=alice)
    looked_at = look_again(project=project, label=label, by=alice)
    merge = merge_labels(project=several, labels=list(several.labels.all()[:2]), into="Both", by=alice)
    unread = project.documents.order_by("-pk")[0].pk
    act = begin(
        project=project, annotator=alice, key=uuid4(), document_ids=[unread], label_ids=[label.pk], found_by="“clause”"
    )
    failed = TrainingRun.objects.create(project=project, kind="full", state="failed", reason="The disk is full.")
    add_test_set(project, gold[:3])

    def of(name: str, *more: Any, query: str = "", then: str = "") -> Seen:
        return Seen(name, reverse(name, args=[project.slug, *more]) + query, then)

    yield [
        *(Seen(name, reverse(name)) for name in ("projects", "project-new", "account_change_password")),
        Seen("account_logout", reverse("account_logout")),
        Seen("invitation", reverse("invitation", args=[invitation.token])),
        *(of(name) for name in ("project", "project-settings", "labels", "members", "notice-settings")),
        *(of(name, label.pk) for name in ("label-edit", "label-delete")),
        of("member-remove", member.pk),
        of("invitation-revoke", invitation.pk),
        *(of(name) for name in ("data", "import-new")),
        Seen("import-map", mapped),
        of("import-map", done.key),
        of("label"),
        of("label", then="?"),
        of("label", then="h"),
        of("label", then="c"),
        Seen("label", reverse("label", args=[several.slug])),
        Seen("label", reverse("label", args=[finished.slug])),
        Seen("label", reverse("label", args=[empty.slug])),
        of("answers"),
        of("answer-change", given.key),
        *(of(name) for name in ("results", "results-numbers", "results-errors", "results-models")),
        of("results-errors-texts", query=f"?gold={label.pk}"),
        of("results-errors-text", text),
        *(of(name) for name in ("guidelines", "label-changes", "label-merge")),
        *(of(name, 1) for name in ("guidelines-version", "guidelines-restore")),
        *(of(name, other_label.pk) for name in ("label-split", "label-look-again")),
        of("label-look-end", looked_at.pk),
        Seen("label-merge-undo", reverse("label-merge-undo", args=[several.slug, merge.pk])),
        of("search"),
        of("search", query="?q=clause"),
        of("search-bulk", query="?q=clause"),
        of("search-act", act.key),
        *(of(name) for name in ("gold", "gold-accuracy", "review")),
        of("review-text", text),
        *(of(name) for name in ("import-new-test", "results-test", "test-delete", "results-machine")),
        of("results-agreement"),
        *(of(name, query="?on=test") for name in ("results", "results-errors", "results-report")),
        of("results-run", failed.key),
        of("results-model", 2),
        of("results-compare", query="?a=1&b=2"),
        *(of(name) for name in ("results-effort", "results-report")),
        Seen("results", reverse("results", args=[empty.slug])),
        Seen("not found", "/p/nowhere/"),
    ]
