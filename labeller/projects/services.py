"""Writing projects and memberships."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from labeller.projects.guideline_versions import record_version
from labeller.projects.labels import Draft, append_drafts
from labeller.projects.locks import lock_project
from labeller.projects.models import Membership, Project, Role, User

SLUG_LENGTH = 120  # leaves room for the number of a second project of the same name

# What speaks against setting texts apart for the audit where none were: a sentence, or nothing. The apps above, which
# know the models, register it in their AppConfig.ready.
against_audit: list[Callable[[Project], str]] = []


class ProjectError(ValueError):
    """The project cannot be made; the message is a sentence for the page."""


class AlreadyMade(ProjectError):
    """The same form was posted before, and this is what it made."""

    def __init__(self, project: Project) -> None:
        super().__init__(_("“%(project)s” has been made already.") % {"project": project})
        self.project = project


class AuditRefused(ValueError):
    """No text can be set apart for the audit any more; the message is a sentence for the page."""


class LastManager(ValueError):
    """A project without a manager could never be changed again; the message is a sentence for the page."""


class MemberGone(ValueError):
    """Somebody else removed this member a moment ago; the message is a sentence for the page."""


def create_project(
    *,
    name: str,
    kind: str,
    encoder: str,
    manager: User,
    guidelines: str = "",
    language: str = "",
    suggestions: str = Project.Suggestions.SHOWN,
    overlap: int = 1,
    overlap_on: str = Project.OverlapOn.ALL,
    overlap_share: int = 10,
    strategy: str = Project.Strategy.DEFAULT,
    audit: bool = True,
    form_key: UUID | None = None,
    labels: Sequence[Draft] = (),
) -> Project:
    """A project with its first manager and its labels. What is told of it now is version 1 of its guidelines. Its
    address is made from its name, numbered when that is taken. Raises LabelError when there are too many labels, and
    AlreadyMade when there is a project with this key: two clicks on one button are one project."""
    base = slugify(name)[:SLUG_LENGTH].strip("-") or "project"
    for slug in _addresses(base):
        if form_key and (made := Project.objects.filter(form_key=form_key).first()):
            raise AlreadyMade(made)
        try:
            with transaction.atomic():
                project = Project.objects.create(
                    name=name,
                    slug=slug,
                    kind=kind,
                    encoder=encoder,
                    guidelines=guidelines,
                    language=language,
                    suggestions=suggestions,
                    overlap=overlap,
                    overlap_on=overlap_on,
                    overlap_share=overlap_share,
                    strategy=strategy,
                    audit=audit,
                    seed=secrets.randbelow(2**31),
                    form_key=form_key,
                )
                Membership.objects.create(project=project, user=manager, role=Role.MANAGER)
                append_drafts(project, labels)
                record_version(project=project, by=manager)
            return project
        except IntegrityError:  # the address or the key was taken between the look and the insert: look again
            continue
    raise ProjectError(_("No free address could be found for “%(name)s”. Choose another name.") % {"name": name})


def _addresses(base: str) -> Iterator[str]:
    """terms, terms-2, terms-3, … without those taken; at last one that nobody can have."""
    for slug in (base, *(f"{base}-{number}" for number in range(2, 20))):
        if not Project.objects.filter(slug=slug).exists():
            yield slug
    yield f"{base}-{secrets.token_hex(6)}"


def change_role(*, membership: Membership, role: str) -> Membership:
    """Give a member another role. Raises LastManager, and MemberGone."""
    with transaction.atomic():
        if not _locked(membership):
            raise MemberGone(_("%(name)s is not a member of this project any more.") % {"name": membership.user})
        _keep_a_manager(membership, stays=role == Role.MANAGER)
        membership.role = role
        membership.save(update_fields=["role"])
    return membership


def remove_member(*, membership: Membership) -> None:
    """Take a member out of the project; their answers stay. Twice is once. Raises LastManager."""
    with transaction.atomic():
        if _locked(membership):
            _keep_a_manager(membership, stays=False)
            membership.delete()


def _locked(membership: Membership) -> bool:
    """Its role read behind the lock at which changes of a project's members meet: until then it may have been changed.
    False when the member was removed."""
    lock_project(membership.project_id)
    role = Membership.objects.filter(pk=membership.pk).values_list("role", flat=True).first()
    membership.role = role or membership.role
    return role is not None


def _keep_a_manager(membership: Membership, *, stays: bool) -> None:
    """Of two managers who demote each other at the same moment the second is refused. Raises LastManager."""
    others = Membership.objects.filter(project_id=membership.project_id, role=Role.MANAGER).exclude(pk=membership.pk)
    if not stays and membership.role == Role.MANAGER and not others.exists():
        raise LastManager(
            _("%(name)s is the only manager of this project. Make somebody else a manager first.")
            % {"name": membership.user}
        )


def change_settings(
    *,
    project: Project,
    name: str | None = None,
    kind: str | None = None,
    encoder: str | None = None,
    guidelines: str | None = None,
    language: str | None = None,
    suggestions: str | None = None,
    overlap: int | None = None,
    overlap_on: str | None = None,
    overlap_share: int | None = None,
    strategy: str | None = None,
    audit: bool | None = None,
    by: User | None = None,
) -> Project:
    """Change these of a project's own facts. What is None stays as it is now, which need not be as the caller read it.
    Its address stays, so that links go on working. Raises AuditRefused."""
    said: dict[str, object] = {"name": name, "kind": kind, "encoder": encoder, "guidelines": guidelines}
    said |= {"language": language, "suggestions": suggestions, "strategy": strategy, "audit": audit}
    said |= {"overlap": overlap, "overlap_on": overlap_on, "overlap_share": overlap_share}
    changed = {field: value for field, value in said.items() if value is not None}
    with transaction.atomic():
        # Behind this row, as runs start too: none that speaks against the audit starts between the look and the write.
        row = lock_project(project.pk)
        if audit and not row.audit:
            _may_set_apart(row)
        for field, value in changed.items():
            setattr(row, field, value)
        row.save(update_fields=list(changed))
        record_version(project=row, by=by)
    project.refresh_from_db()
    return project


def _may_set_apart(project: Project) -> None:
    for why_not in against_audit:
        if sentence := why_not(project):
            raise AuditRefused(sentence)
