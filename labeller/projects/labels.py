"""Writing labels: adding many at once, changing, moving and deleting them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from labeller.numerals import whole
from labeller.projects.colours import next_colour
from labeller.projects.guideline_versions import record_version
from labeller.projects.hotkeys import RESERVED, free_keys
from labeller.projects.locks import lock_project, lock_to_delete, nobody_answers
from labeller.projects.models import Label, Project, User
from labeller.projects.notes import DELETED
from labeller.projects.selectors import uses_of
from labeller.projects.signals import tell_labels_changed
from labeller.storable import fault_of

NAME_LENGTH = 100
MOST_LABELS = 1000


class LabelError(ValueError):
    """A label cannot be as asked; the message is a sentence for the page."""


class LabelInUse(LabelError):
    """Answers name this label, so it stays."""


class LabelGone(LabelError):
    """Somebody else deleted, merged or split it a moment ago."""

    def __init__(self, label: Label) -> None:
        super().__init__(_("“%(name)s” is not a label of this project any more.") % {"name": label.name})


@dataclass(frozen=True)
class Draft:
    """A label as somebody writes it down: the rest is guessed."""

    name: str
    description: str = ""


@dataclass(frozen=True)
class Added:
    labels: list[Label]
    already_there: list[str]


def parse_lines(text: str) -> list[Draft]:
    """Drafts from a pasted list: a name a line, after ` : ` its description. Empty lines are passed over.

    Raises LabelError naming the first line that cannot be a label, or whose name stands in the list already: only one
    of the two descriptions could be kept.
    """
    drafts: list[Draft] = []
    lines: dict[str, int] = {}  # by the name without case
    for number, line in enumerate(text.splitlines(), start=1):
        name, description = (*(part.strip() for part in re.split(r"\s:(?:\s|$)", line, maxsplit=1)), "")[:2]
        if not name and not description:
            continue
        if not name:
            raise LabelError(
                _("Line %(line)s has a description but no name before the colon.") % {"line": whole(number)}
            )
        if len(name) > NAME_LENGTH:
            told = {"line": whole(number), "length": whole(len(name)), "most": whole(NAME_LENGTH)}
            raise LabelError(_("Line %(line)s: the name has %(length)s characters; at most %(most)s fit.") % told)
        if before := lines.get(name.casefold()):
            told = {"line": whole(number), "name": name, "before": whole(before)}
            raise LabelError(_("Line %(line)s: “%(name)s” is there already, in line %(before)s.") % told)
        lines[name.casefold()] = number
        drafts.append(Draft(name, description))
    return drafts


def add_labels(*, project: Project, names: Sequence[str]) -> list[Label]:
    """The project's labels of these names, added where missing, in the project's order. Raises LabelError."""
    add_drafts(project=project, drafts=[Draft(name) for name in names])
    wanted = {name.casefold() for name in names}
    return [label for label in Label.objects.filter(project=project) if label.name.casefold() in wanted]


def add_drafts(*, project: Project, drafts: Sequence[Draft], by: User | None = None) -> Added:
    """Add those not there yet (names are compared without case), each with the next free key and colour.

    Raises LabelError when there would be too many, when one cannot be stored, or when somebody adds the same name at
    this moment.
    """
    try:
        with transaction.atomic():
            added = append_drafts(project, drafts)
            record_version(project=project, by=by)
            return added
    except IntegrityError as error:
        raise LabelError(_("One of these names has just been added by somebody else. Please look again.")) from error


def append_drafts(project: Project, drafts: Sequence[Draft]) -> Added:
    """`add_drafts` within the caller's transaction, as part of a change whose version the caller records. Raises
    LabelError, or IntegrityError when somebody adds the same name at this moment."""
    for draft in drafts:
        _check_storable(draft.name, draft.description)
    lock_project(project.pk)  # two pastes at once: one after the other
    existing = list(project.labels.all())
    new, already_there = _without_known(drafts, {label.name.casefold() for label in existing})
    if len(existing) + len(new) > MOST_LABELS:
        told = {"labels": whole(len(existing) + len(new)), "most": whole(MOST_LABELS)}
        raise LabelError(_("That would make %(labels)s labels; a project holds at most %(most)s.") % told)
    return Added(Label.objects.bulk_create(_complete(project, existing, new)), already_there)


def _check_storable(name: str, description: str) -> None:
    """Raises LabelError. Forms refuse a NUL themselves; commands and files come here."""
    if fault_of(name) or fault_of(description):
        shown = name.encode(errors="replace").decode().replace("\x00", "\ufffd")
        raise LabelError(
            _(
                "The label “%(name)s” has a character in its name or description that cannot be stored: a NUL, or half "
                "of a surrogate pair. Take it out."
            )
            % {"name": shown}
        )


def _without_known(drafts: Sequence[Draft], known: set[str]) -> tuple[list[Draft], list[str]]:
    new, already_there = [], []
    for draft in drafts:
        if draft.name.casefold() in known:
            already_there.append(draft.name)
        else:
            known.add(draft.name.casefold())
            new.append(draft)
    return new, already_there


def _complete(project: Project, existing: Sequence[Label], drafts: Sequence[Draft]) -> list[Label]:
    keys = free_keys(label.hotkey for label in existing)
    colours = [label.colour for label in existing]
    position = max((label.position for label in existing), default=-1)
    labels = []
    for offset, draft in enumerate(drafts, start=1):
        colours.append(next_colour(colours))
        labels.append(
            Label(
                project=project,
                name=draft.name,
                description=draft.description,
                colour=colours[-1],
                hotkey=next(keys, ""),
                position=position + offset,
            )
        )
    return labels


def edit_label(*, label: Label, name: str, description: str, colour: str, hotkey: str, by: User | None = None) -> Label:
    """Change a label's own facts. Raises LabelError when another label has this name or key, the key is taken by the
    labelling page, or what it is called cannot be stored; LabelGone."""
    if hotkey in RESERVED:
        told = {"key": hotkey, "does": _(RESERVED[hotkey])}
        raise LabelError(_("The key “%(key)s” %(does)s on the labelling page. Choose another or none.") % told)
    _check_storable(name, description)
    try:
        with transaction.atomic():
            lock_project(label.project_id)
            _check_free(label, name, hotkey)
            label.name, label.description, label.colour, label.hotkey = name, description, colour, hotkey
            label.save(update_fields=["name", "description", "colour", "hotkey"])
            if record_version(project=label.project, by=by):
                tell_labels_changed(label.project_id)
    except IntegrityError as error:  # somebody else took the name or the key a moment ago
        raise LabelError(_("This name or key has just been given to another label. Please look again.")) from error
    return label


def _check_free(label: Label, name: str, hotkey: str) -> None:
    """Raises LabelError where another label has this name or key, and LabelGone."""
    labels = list(Label.objects.filter(project_id=label.project_id))
    if label not in labels:
        raise LabelGone(label)
    for other in labels:
        if other == label:
            continue
        if other.name.casefold() == name.casefold():
            raise LabelError(
                _("There is a label “%(name)s” already. Names differ by more than capitals.") % {"name": other.name}
            )
        if hotkey and other.hotkey == hotkey:
            told = {"key": hotkey, "name": other.name}
            raise LabelError(_("The key “%(key)s” belongs to “%(name)s”. Choose another or none.") % told)


def move_label(*, label: Label, up: bool) -> None:
    """Change places with the neighbour; at the end of the list nothing happens. Raises LabelGone."""
    with transaction.atomic():
        lock_project(label.project_id)
        order = list(Label.objects.filter(project_id=label.project_id))
        if label not in order:
            raise LabelGone(label)
        at = order.index(label)
        to = at - 1 if up else at + 1
        if not 0 <= to < len(order):
            return
        order[at], order[to] = order[to], order[at]
        for position, other in enumerate(order):
            other.position = position
        Label.objects.bulk_update(order, ["position"])


def delete_label(*, label: Label, by: User | None = None) -> None:
    """Delete a label that no answer names. Raises LabelInUse, and LabelGone."""
    with nobody_answers(label.project_id):
        locked = lock_to_delete(label)
        if locked is None or locked.retired_at is not None:
            raise LabelGone(label)
        if reason := why_it_stays(locked):
            raise LabelInUse(reason)
        locked.delete()
        record_version(project=label.project, by=by, note=DELETED % {"label": label.name})


def why_it_stays(label: Label) -> str:
    """Why a label cannot be deleted, and what can be done instead; empty when it can."""
    uses = uses_of(label)
    if not uses:
        return ""
    return ngettext(
        "“%(name)s” stays: %(uses)s answer names it, and answers are kept. Rename it, or merge it into another label.",
        "“%(name)s” stays: %(uses)s answers name it, and answers are kept. Rename it, or merge it into another label.",
        uses,
    ) % {"name": label.name, "uses": whole(uses)}
