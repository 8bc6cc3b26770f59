"""Labels that are split or looked at again. The texts that carry them are offered to annotators once more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from labeller.annotation.models import ServingCounter
from labeller.annotation.second_look import SecondLook, waiting
from labeller.annotation.selectors import label_counts
from labeller.annotation.turn import turn
from labeller.projects.guideline_versions import record_version
from labeller.projects.labels import Draft, LabelError, LabelGone, append_drafts
from labeller.projects.locks import lock_project
from labeller.projects.models import Label, Project, User
from labeller.projects.signals import tell_labels_changed


def split_label(
    *, project: Project, label: Label, drafts: Sequence[Draft], stays: bool, by: User | None = None
) -> SecondLook:
    """Add these labels and offer every text of `label` for a second look. `stays`: it is given on, with a narrower
    meaning; else nobody gives it any more, and it goes when its last text has been looked at. Raises LabelError."""
    try:
        with _held(project) as counter:
            label = _as_it_is(label)
            _check_split(project, label, drafts, stays=stays)
            if not stays:
                label.on_offer, label.hotkey = False, ""  # its key is free for the first of the new ones
                label.save(update_fields=["on_offer", "hotkey"])
            added = append_drafts(project, drafts).labels
            names = [one.name for one in added]
            note = f"Split “{label.name}” into {', '.join(f'“{name}”' for name in names)}"
            record_version(project=project, by=by, note=f"{note}; it stays too" if stays else note)
            tell_labels_changed(project.pk)
            return _start(project, label, names, by, counter)
    except IntegrityError as error:
        raise LabelError(_("Somebody changed these labels a moment ago. Please look again.")) from error


def look_again(*, project: Project, label: Label, by: User | None = None) -> SecondLook:
    """Offer every text of this label for a second look: what it means has changed. Raises LabelError."""
    with _held(project) as counter:
        label = _as_it_is(label)
        _check_free(label)
        return _start(project, label, [], by, counter)


def end_look(*, look: SecondLook) -> None:
    """Stop offering. Texts that nobody has looked at keep their label. A label that was split and that no text carries
    any more is retired; one that some still carry is given on. Ending twice is ending once."""
    project = look.project
    with _held(project) as counter:
        if not SecondLook.objects.filter(pk=look.pk, ended_at=None).update(ended_at=timezone.now()):
            return
        counter.second_looks = SecondLook.objects.filter(project=project, ended_at=None).count()
        label = Label.everything.get(pk=look.label_id)
        if label.on_offer:
            return
        if is_left_over(label):
            Label.objects.filter(pk=label.pk).update(on_offer=True)
        else:
            Label.objects.filter(pk=label.pk).update(retired_at=timezone.now(), hotkey="")
            record_version(project=project, note=f"“{label.name}” went: all its texts were looked at again")
        tell_labels_changed(project.pk)


@contextmanager
def _held(project: Project) -> Iterator[ServingCounter]:
    """Labels do not change meanwhile, and nobody answers; in the order of labeller.projects.locks."""
    with transaction.atomic():
        lock_project(project.pk)
        with turn(project) as counter:
            yield counter


def _as_it_is(label: Label) -> Label:
    """Read anew, behind the lock. Raises LabelGone."""
    found = Label.objects.filter(pk=label.pk).first()
    if found is None:
        raise LabelGone(label)
    return found


def is_left_over(label: Label) -> bool:
    """Whether any current answer still names it."""
    return any(one.pk == label.pk and count for one, count in label_counts(label.project))


def _start(project: Project, label: Label, into: list[str], by: User | None, counter: ServingCounter) -> SecondLook:
    look = SecondLook(
        project=project,
        label=label,
        into=into,
        guidelines_number=project.guidelines_number,
        started_by=by,
        started_at=timezone.now(),
    )
    look.texts = waiting(look)
    look.save()
    counter.second_looks = SecondLook.objects.filter(project=project, ended_at=None).count()
    return look


def _check_split(project: Project, label: Label, drafts: Sequence[Draft], *, stays: bool) -> None:
    if len(drafts) < 2 - stays:
        raise LabelError(
            _("One label is not a split: name at least two new ones, or let this one stay beside the new.")
        )
    taken = {name.casefold() for name in Label.objects.filter(project=project).values_list("name", flat=True)}
    for draft in drafts:
        if draft.name.casefold() in taken:
            taken_already = _("“%(name)s” is a label already. New labels need names of their own.")
            raise LabelError(taken_already % {"name": draft.name})
    _check_free(label)


def _check_free(label: Label) -> None:
    if SecondLook.objects.filter(label=label, ended_at=None).exists():
        going_on = _("The texts of “%(name)s” are being looked at again already. End that first.")
        raise LabelError(going_on % {"name": label.name})
