"""A list in words, for the page, for the person who is asked to confirm, and for the answers that come of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from labeller.projects.models import Label
from labeller.search.asking import Asked, By
from labeller.search.finding import Found

STATES = {
    "unlabelled": "not labelled",
    "labelled": "labelled",
    "skipped": "skipped",
    "unsure": "marked unsure",
    "disagreed": "with answers that differ",
}


def found_by(asked: Asked, labels: Sequence[Label], people: Mapping[int, str] | None = None) -> str:
    """How these texts were found: "words “late fee”, not labelled"."""
    names = {label.pk: label.name for label in labels}
    parts = [part for part in (_search(asked, names), *_filters(asked, names, people or {})) if part]
    return ", ".join(parts) or "all texts"


def _search(asked: Asked, names: Mapping[int, str]) -> str:
    if asked.like:
        count = len(asked.like)
        like = f"like text {asked.like[0]}" if count == 1 else f"like {count} marked texts"
    elif asked.like_label:
        like = f"like the texts labelled {names.get(asked.like_label, 'with a deleted label')}"
    elif asked.typed and asked.by == By.MEANING:
        return f"of the meaning “{asked.typed}”"
    else:
        like = ""
    words = f"words “{asked.typed}”" if asked.typed else ""
    return ", ".join(part for part in (like, words) if part)


def _filters(asked: Asked, names: Mapping[int, str], people: Mapping[int, str]) -> list[str]:
    parts = []
    if asked.label:
        parts.append(f"labelled {names.get(asked.label, 'with a deleted label')}")
    if asked.status:
        parts.append(STATES[asked.status])
    if asked.who:
        parts.append(f"answered by {people.get(asked.who, 'one person')}")
    if asked.model_label:
        parts.append(f"that the model calls {names.get(asked.model_label, 'by a deleted label')}")
    if asked.least is not None or asked.most is not None:
        most = 100 if asked.most is None else asked.most
        parts.append(f"of which the model is {asked.least or 0} to {most} % sure")
    if asked.field:
        parts.append(f"{asked.field} = “{asked.value}”")
    if asked.batch:
        parts.append("of one import")
    return parts


def count(found: Found) -> str:
    """How many there are, and in which order."""
    many = f"{len(found.ids):,}"
    if found.is_ranking:
        return f"The {many} texts most alike, the nearest first"
    if not found.all_found:
        return f"More than {many} texts, in the order of their import. More words or a filter would narrow them down."
    return "1 text" if len(found.ids) == 1 else f"{many} texts"


def given(number: int, label_names: Sequence[str], left: Mapping[str, int]) -> str:
    """What an act has done, in a sentence or two."""
    names = ", ".join(label_names) or "none of the labels"
    done = f"{number:,} text{'' if number == 1 else 's'} labelled {names}." if number else "No text was labelled."
    rest = "; ".join(f"{many:,} {why}" for why, many in left.items())
    return f"{done} Left as {'it was' if sum(left.values()) == 1 else 'they were'}: {rest}." if rest else done
