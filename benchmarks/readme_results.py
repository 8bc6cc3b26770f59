"""The README's table of results, from benchmarks/results/*.json. `python -m benchmarks.readme_results` writes it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
BEGIN = "<!-- python -m benchmarks.readme_results writes what follows, up to the next of these marks -->\n"
END = "<!-- end of the results -->\n"

# What stands in front of a row, by the file's name. A set without a line here has no row yet: give it one.
SETS = {
    "trec6": "TREC-6: {kinds} kinds of question",
    "agnews7600": "AG News: {kinds} kinds of news",
    "banking77": "Banking77: {kinds} kinds of request",
    "tos_unfair": "Terms of service: {kinds} labels, several a clause, most of them rare",
}
SHOWN = (64, 256, 525)  # labels
NOT_MEASURED = "–"
SHORT = 7  # characters of a commit
FROZEN, BY_WORDS, TUNING = "c", ("b", "svm"), ("a", "d", "e")  # rivals
MATCHED = ((FROZEN, SHOWN[-1]), ("svm", 5000))  # rivals, and at how many labels of theirs


def results() -> dict[str, dict[str, Any]]:
    """By the file's name, in the order of the rows."""
    files = (ROOT / "benchmarks" / "results").glob("*.json")
    found = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in files}
    return {name: found[name] for name in sorted(found, key=[*SETS, *sorted(found)].index)}


def section() -> str:
    """The marks and what belongs between them."""
    counts = "".join(f" {count} labels |" for count in SHOWN)
    needed = "".join(f" labels ours needs for what {rival} has at {at:,} |" for rival, at in MATCHED)
    lines = [
        f"| |{counts}{needed} seeds of ours | commits of ours |",
        "| --- |" + " --- |" * (len(SHOWN) + len(MATCHED) + 2),
        *(_row(SETS[name], told) for name, told in results().items()),
    ]
    return BEGIN + "\n".join([*lines, "", f"Each cell: ours / c / the better of b and svm. {_rivals()}"]) + "\n" + END


def written(readme: str) -> str:
    """The README with the section as it should be."""
    before, _, rest = readme.partition(BEGIN)
    return before + section() + rest.partition(END)[2]


def _row(title: str, told: dict[str, Any]) -> str:
    title = title.format(**told["setting"]) + (", macro-F1" if told["figure"] == "macro_f1" else "")
    contender = told["labels_needed"]["of"]
    ours = _points(told, contender)
    cells = [_cell(ours.get(count), told, count) for count in SHOWN]
    needed = [_needed(told, rival, at) for rival, at in MATCHED]
    return f"| {' | '.join([title, *cells, *needed, _seeds(ours), _commits(told, contender)])} |"


def _cell(ours: dict[str, Any] | None, told: dict[str, Any], count: int) -> str:
    """ours / c / the better of b and svm"""
    frozen = _points(told, FROZEN).get(count)
    by_words = [point["mean"] for name in BY_WORDS if (point := _points(told, name).get(count))]
    means = [ours and ours["mean"], frozen and frozen["mean"], max(by_words, default=None)]
    said = [NOT_MEASURED if mean is None else _short(mean) for mean in means]
    if said == [NOT_MEASURED] * len(said):
        return NOT_MEASURED
    return " / ".join([f"**{said[0]}**" if ours else said[0], *said[1:]])


def _points(told: dict[str, Any], contender: str | None) -> dict[int, dict[str, Any]]:
    curves = told["curves"].get(contender, {})
    return {point["labels"]: point for point in curves.get(told["figure"], ())}


def _needed(told: dict[str, Any], rival: str, at: int) -> str:
    for one in told["labels_needed"]["for_the_mean_of"].get(rival, ()):
        if one["labels"] == at:
            if one["ours"] is None:
                return "more than measured"
            return f"{'at most ' if one['at_most'] else ''}{one['ours']:.0f}"
    return NOT_MEASURED


def _seeds(points: dict[int, dict[str, Any]]) -> str:
    """How many, and where it is another number."""
    if not points:
        return "none yet"
    usual = Counter(point["seeds"] for point in points.values()).most_common(1)[0][0]
    others = [f"{point['seeds']} at {count}" for count, point in sorted(points.items()) if point["seeds"] != usual]
    return f"{usual} ({', '.join(others)})" if others else f"{usual}"


def _commits(told: dict[str, Any], contender: str | None) -> str:
    """All that played a part of it, in the order of the seeds; + behind one with changes that were in no commit."""
    runs = sorted((run for run in told["runs"] if run["contender"] == contender), key=lambda run: run["seed"])
    names = dict.fromkeys(by["commit"][:SHORT] + "+" * by["dirty"] for run in runs for by in run["made_by"])
    return ", ".join(names) or NOT_MEASURED


def _rivals() -> str:
    seeds = sorted(set(_seeds_in_rows()))
    said = f"{seeds[0]}" if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    tuning = "; ".join(_tuning())
    return f"Seeds of rivals: {said}." + (f" Rivals that fine-tune: {tuning}." if tuning else "")


def _seeds_in_rows() -> Iterator[int]:
    for told in results().values():
        for rival in (FROZEN, *BY_WORDS):
            yield from (point["seeds"] for point in _points(told, rival).values())


def _tuning() -> Iterator[str]:
    """Of each rival that fine-tunes what it has at the numbers shown, where it was played."""
    for name, told in results().items():
        for rival in TUNING:
            points = {count: point for count, point in _points(told, rival).items() if count in SHOWN}
            if points:
                figures = ", ".join(f"{_short(point['mean'])} at {count}" for count, point in sorted(points.items()))
                yield f"{rival} on {SETS[name].partition(':')[0]} {figures} (seeds: {_seeds(points)})"


def _short(mean: float) -> str:
    return f"{mean:.3f}".removeprefix("0")


if __name__ == "__main__":
    README.write_text(written(README.read_text(encoding="utf-8")), encoding="utf-8")
