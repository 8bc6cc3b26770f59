"""Labels that become one, and the way back. No answer is touched: a merged label is retired and read as its target from
then on, whoever reads; an answer that names it goes on naming it."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from labeller.projects.guideline_versions import record_version
from labeller.projects.history import LabelMerge
from labeller.projects.labels import Draft, LabelError, append_drafts
from labeller.projects.locks import lock_project, lock_to_delete, nobody_answers
from labeller.projects.models import Label, Project, User
from labeller.projects.notes import MERGED, UNMERGED
from labeller.projects.selectors import uses_of
from labeller.projects.signals import tell_labels_changed


def merge_labels(*, project: Project, labels: Sequence[Label], into: str, by: User | None = None) -> LabelMerge:
    """Let these labels be one, called `into`: one of them, or a new label. Raises LabelError with a sentence."""
    with transaction.atomic():
        lock_project(project.pk)
        ticked = list(Label.objects.filter(project=project, pk__in=[label.pk for label in labels]))
        check_merge(project, ticked, into)
        target = next((label for label in ticked if label.name.casefold() == into.casefold()), None)
        is_new = target is None
        if target is None:
            target = append_drafts(project, [Draft(into)]).labels[0]
        gone = [label for label in ticked if label.pk != target.pk]
        merge = LabelMerge.objects.create(
            project=project,
            target=target,
            target_is_new=is_new,
            merged=[{"id": label.pk, "name": label.name, "hotkey": label.hotkey} for label in gone],
            into=target.name,
            made_by=by,
        )
        for label in gone:
            label.hotkey, label.retired_at, label.merged_into = "", timezone.now(), target
            label.read_as = target
        Label.objects.bulk_update(gone, ["hotkey", "retired_at", "merged_into", "read_as"])
        _read_again(project)
        names = ", ".join(f"“{label.name}”" for label in gone)
        record_version(project=project, by=by, note=MERGED % {"labels": names, "into": target.name})
        tell_labels_changed(project.pk)
        return merge


def check_merge(project: Project, labels: Sequence[Label], into: str) -> None:
    """Raises LabelError with a sentence when these labels cannot become one of this name."""
    if len(labels) < 2:
        raise LabelError(_("Tick at least two labels: they become one."))
    if any(not label.on_offer for label in labels):
        raise LabelError(_("A label that is being split cannot be merged. Finish or stop its split first."))
    others = Label.objects.filter(project=project).exclude(pk__in=[label.pk for label in labels])
    if not project.is_multi and not others.exists():
        raise LabelError(_("All labels would become one, and one label is no choice. Leave at least one out."))
    for other in others:
        if other.name.casefold() == into.casefold():
            raise LabelError(
                _("“%(name)s” is a label already. Tick it too, or choose another name.") % {"name": other.name}
            )


def undo_merge(*, merge: LabelMerge, by: User | None = None) -> None:
    """Bring the merged labels back; answers that name them are read as themselves again. Answers given with the target
    since stay with the target. Raises LabelError with a sentence."""
    try:
        with nobody_answers(merge.project_id) as project:
            if reason := why_not_undone(LabelMerge.objects.get(pk=merge.pk)):
                raise LabelError(reason)
            taken = set(Label.objects.filter(project=project).exclude(hotkey="").values_list("hotkey", flat=True))
            keys = {label["id"]: label["hotkey"] for label in merge.merged}
            back = list(Label.everything.filter(project=project, pk__in=keys, merged_into=merge.target_id))
            for label in back:
                label.retired_at = label.merged_into = label.read_as = None
                label.hotkey = "" if keys[label.pk] in taken else keys[label.pk]
            Label.everything.bulk_update(back, ["hotkey", "retired_at", "merged_into", "read_as"])
            _read_again(project)
            LabelMerge.objects.filter(pk=merge.pk).update(undone_at=timezone.now())
            _remove_unused_target(merge)
            record_version(project=project, by=by, note=UNMERGED % {"into": merge.into})
            tell_labels_changed(project.pk)
    except IntegrityError as error:
        raise LabelError(
            _("A name that the merge freed belongs to another label by now. Rename that label first.")
        ) from error


def why_not_undone(merge: LabelMerge) -> str:
    """Why this merge cannot be undone, in a sentence; empty when it can. Reads `target`."""
    if merge.undone_at is not None:
        return _("This merge has been undone already.")
    if merge.target is None:
        return _("“%(name)s” is deleted, so there is nothing to take apart.") % {"name": merge.into}
    if merge.target.retired_at is not None:
        return _("“%(name)s” was itself merged or split since. Undo that first.") % {"name": merge.into}
    return ""


def _read_again(project: Project) -> None:
    """Set `read_as` of every merged label to where its merges lead in the end."""
    merged = {label.pk: label for label in Label.everything.filter(project=project).exclude(merged_into=None)}
    for label in merged.values():
        end = label.merged_into_id
        while end in merged:  # merges make no circle: what a label is merged into is never retired at that moment
            end = merged[end].merged_into_id
        label.read_as_id = end
    Label.everything.bulk_update(merged.values(), ["read_as"])


def _remove_unused_target(merge: LabelMerge) -> None:
    target = lock_to_delete(merge.target) if merge.target_is_new and merge.target else None
    if target is not None and not uses_of(target):
        target.delete()
