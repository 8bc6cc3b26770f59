"""Accuracy by what is known of the texts: any field that came with them, and their length. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from django.utils.formats import get_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from labeller.insight.answers import Answer
from labeller.insight.selectors import Estimate
from labeller.insight.shares import share

LENGTH = "length of the text"
FEW = 20  # texts below which a slice's accuracy says little
MOST_VALUES = 20  # of a field in words; the others are put together
FEW_NUMBERS = 8  # different numbers up to which each is a slice of its own: a year, a grade
QUARTERS = 4
NO_VALUE = gettext_lazy("no value")

Value = str | int | float | bool | None


@dataclass(frozen=True)
class Slice:
    """Texts with one value of a field."""

    value: str
    n: int
    accuracy: Estimate

    @property
    def is_few(self) -> bool:
        return self.n < FEW


@dataclass(frozen=True)
class Sliced:
    """A field's slices, or why there are none."""

    field: str
    slices: list[Slice]
    why_none: str = ""


def fields_of(answers: Sequence[Answer]) -> list[str]:
    """The built-in one first, then those that came with the texts, by name."""
    named = {field for one in answers for field, value in one.metadata.items() if not isinstance(value, dict | list)}
    return [LENGTH, *sorted(named - {LENGTH})]


def sliced(answers: Sequence[Answer], field: str) -> Sliced:
    """Numbers in quarters of equally many texts, words by value, the commonest first."""
    values = [_length(one) if field == LENGTH else _plain(one.metadata.get(field)) for one in answers]
    given = [value for value in values if value is not None]
    numbers = [number for number in map(_number, given) if number is not None]
    if given and len(numbers) == len(given) and len(set(numbers)) > FEW_NUMBERS:
        return Sliced(field, _by_quarter(answers, values, sorted(numbers)))
    if len(given) > 1 and len(set(map(str, given))) > max(MOST_VALUES, len(given) / 2):
        return Sliced(field, [], _("Nearly every text has a value of its own: there is nothing to put together."))
    counts = Counter(_in_words(value) for value in values)
    kept = [value for value, _ in counts.most_common(MOST_VALUES)]
    others = len(counts) - len(kept)
    other = ngettext("%(n)s other value", "%(n)s other values", others) % {"n": others}
    names = [said if (said := _in_words(value)) in kept else other for value in values]
    return Sliced(field, _slices(answers, names, [*kept, other]))


def _slices(answers: Sequence[Answer], names: Sequence[str], order: Sequence[str]) -> list[Slice]:
    """`names`: the slice of each answer."""
    texts = Counter(names)
    right = Counter(name for name, one in zip(names, answers, strict=True) if one.is_right)
    return [Slice(name, texts[name], share(right[name], texts[name])) for name in order if texts[name]]


def _by_quarter(answers: Sequence[Answer], values: Sequence[Value], ordered: Sequence[float]) -> list[Slice]:
    """Equal numbers are never parted, so quarters may differ in size."""
    starts = sorted({ordered[len(ordered) * at // QUARTERS] for at in range(QUARTERS)})
    ends = [bisect_left(ordered, start) - 1 for start in starts[1:]] + [len(ordered) - 1]
    quarters = [
        _written(start)
        if ordered[end] == start
        else _("%(low)s to %(high)s") % {"low": _written(start), "high": _written(ordered[end])}
        for start, end in zip(starts, ends, strict=True)
    ]
    numbers = [_number(value) for value in values]
    names = [str(NO_VALUE) if number is None else quarters[bisect_right(starts, number) - 1] for number in numbers]
    return _slices(answers, names, [*quarters, str(NO_VALUE)])


def _written(number: float) -> str:
    """Short, with the point or comma of the page's language."""
    return f"{number:g}".replace(".", str(get_format("DECIMAL_SEPARATOR")))


def _length(answer: Answer) -> Value:
    return answer.length


def _plain(value: object) -> Value:
    return value if isinstance(value, str | int | float | bool) and value != "" else None


def _number(value: Value) -> float | None:
    if value is None or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if isfinite(number) else None


def _in_words(value: Value) -> str:
    if value is None:
        return str(NO_VALUE)
    return {True: _("yes"), False: _("no")}[value] if isinstance(value, bool) else str(value)[:120]
