"""A list in words, for the page, for the person who is asked to confirm, and for the answers that come of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, ngettext, override

from labeller.numerals import whole
from labeller.projects.models import Label
from labeller.search.asking import Asked, By
from labeller.search.finding import Found

STATES = {
    "unlabelled": gettext_lazy("not labelled"),
    "labelled": gettext_lazy("labelled"),
    "skipped": gettext_lazy("skipped"),
    "unsure": gettext_lazy("marked unsure"),
    "disagreed": gettext_lazy("with answers that differ"),
}


# Why an answer was asked for, as it is kept with it: in English, like all that is stored.
FOUND, LISTED = gettext_noop("Found by search: %(found_by)s"), gettext_noop("Labelled as a list: %(found_by)s")


def stored(how: str, asked: Asked, labels: Sequence[Label]) -> str:
    """FOUND or LISTED with the list in words, in English whoever asks."""
    with override("en"):
        return how % {"found_by": found_by(asked, labels)}


def found_by(asked: Asked, labels: Sequence[Label], people: Mapping[int, str] | None = None) -> str:
    """How these texts were found: "with the words “late fee”, not labelled"."""
    names = {label.pk: label.name for label in labels}
    parts = [part for part in (_search(asked, names), *_filters(asked, names, people or {})) if part]
    return ", ".join(parts) or _("all texts")


def _search(asked: Asked, names: Mapping[int, str]) -> str:
    if asked.like:
        several = ngettext("like %(n)s marked text", "like %(n)s marked texts", len(asked.like))
        like = several % {"n": len(asked.like)}
        if len(asked.like) == 1:
            like = _("like text %(pk)s") % {"pk": asked.like[0]}
    elif asked.like_label:
        like = _("like the texts labelled %(label)s") % {"label": _name(names, asked.like_label)}
    elif asked.typed and asked.by == By.MEANING:
        return _("closest in meaning to “%(words)s”") % {"words": asked.typed}
    else:
        like = ""
    words = _("with the words “%(words)s”") % {"words": asked.typed} if asked.typed else ""
    return ", ".join(part for part in (like, words) if part)


def _name(names: Mapping[int, str], label: int) -> str:
    return names.get(label) or _("a deleted label")


def _filters(asked: Asked, names: Mapping[int, str], people: Mapping[int, str]) -> list[str]:
    parts = []
    if asked.label:
        parts.append(_("labelled %(label)s") % {"label": _name(names, asked.label)})
    if asked.status:
        parts.append(str(STATES[asked.status]))
    if asked.who:
        parts.append(_("answered by %(who)s") % {"who": people.get(asked.who) or _("one person")})
    if asked.model_label:
        parts.append(_("that the model calls %(label)s") % {"label": _name(names, asked.model_label)})
    if asked.least is not None or asked.most is not None:
        range_ = {"least": asked.least or 0, "most": 100 if asked.most is None else asked.most}
        parts.append(_("of which the model is %(least)s to %(most)s %% sure") % range_)
    if asked.field:
        parts.append(_("%(field)s = “%(value)s”") % {"field": asked.field, "value": asked.value})
    if asked.batch:
        parts.append(_("of one import"))
    return parts


def like_what(beginning: str, others: int) -> str:
    """Which texts a list is like: the beginning of the first of them, and how many more there are."""
    first = {"beginning": beginning or "…", "n": others}
    if not others:
        return _("Like “%(beginning)s”.") % first
    return ngettext("Like “%(beginning)s” and %(n)s other.", "Like “%(beginning)s” and %(n)s others.", others) % first


def count(found: Found) -> str:
    """How many there are, and in which order."""
    many = {"many": whole(len(found.ids))}
    if found.is_ranking:
        return ngettext("%(many)s text, the nearest first", "%(many)s texts, the nearest first", len(found.ids)) % many
    if not found.all_found:
        return (
            _("More than %(many)s texts, in the order of their import. More words or a filter would narrow them down.")
            % many
        )
    return ngettext("%(many)s text", "%(many)s texts", len(found.ids)) % many


def given(number: int, label_names: Sequence[str], left: Mapping[str, int]) -> str:
    """What an act has done, in a sentence or two."""
    names = ", ".join(label_names) or _("none of the labels")
    labelled = ngettext("%(number)s text labelled %(labels)s.", "%(number)s texts labelled %(labels)s.", number)
    done = labelled % {"number": whole(number), "labels": names} if number else _("No text was labelled.")
    if not left:
        return done
    rest = "; ".join(f"{whole(many)} {why}" for why, many in left.items())
    as_before = ngettext("Left as it was: %(rest)s.", "Left as they were: %(rest)s.", sum(left.values()))
    return f"{done} {as_before % {'rest': rest}}"
