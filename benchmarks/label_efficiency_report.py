"""The runs of `label_efficiency`, kept in a file as they come, and what they say together."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.rivals import RIVALS
from labeller.learning.replay.curves import CurvePoint, curve, figure_for, labels_needed
from labeller.learning.replay.lines import ReplayRefused

FIGURES = ("accuracy", "macro_f1", "micro_f1", "calibration_error", "seconds")
FORMERLY: dict[str, Any] = {
    "recipe": {},
    "in_test_too": "kept",
    "label_names": False,
}  # what older files do not name in their setting, and what it was then


@dataclass
class Report:
    """Runs by (contender, seed). A contender is a policy of ours or the key of a rival."""

    path: Path | None
    setting: dict[str, Any]
    runs: dict[tuple[str, int], dict[str, Any]] = field(default_factory=dict)
    asked: Sequence[tuple[str, int]] = ()  # runs that are wanted now; the first policy is compared with all others
    labels: Sequence[int] = ()  # and at which counts
    texts: dict[str, Any] = field(default_factory=dict)  # what is odd about them

    @classmethod
    def read(
        cls,
        path: Path | None,
        setting: dict[str, Any],
        asked: Sequence[tuple[str, int]] = (),
        labels: Sequence[int] = (),
    ) -> Report:
        """With the runs that an earlier call left. Raises ReplayRefused where they were made under another setting."""
        kept = _kept(path)
        if kept is None:
            return cls(path, setting, {}, asked, labels)
        found, runs = kept
        then, now = FORMERLY | found, FORMERLY | setting
        for name in now | then:  # what only one of them names is a difference too
            if then.get(name) != now.get(name):
                raise ReplayRefused(
                    f"{path} has runs with {name} = {then.get(name)!r}, now it is {now.get(name)!r}; name another file."
                )
        return cls(path, setting, runs, asked, labels)

    @property
    def figure(self) -> str:
        return figure_for(multi_label=self.setting["several_labels"])

    @property
    def contenders(self) -> list[str]:
        """Ours first: those asked for in their order, then what the file had besides."""
        found = {contender for contender, _ in self.runs}
        asked = [name for name in dict.fromkeys(name for name, _ in self.asked) if name in found - set(RIVALS)]
        return asked + sorted(found - set(asked), key=lambda name: (name in RIVALS, name != "default", name))

    def name_of(self, contender: str) -> str:
        return f"{contender}: {RIVALS[contender][0]}" if contender in RIVALS else f"Labeller, {contender}"

    def lacks(self, contender: str, seed: int) -> bool:
        """Whether a point that is wanted of it is still to be made."""
        run = self.runs.get((contender, seed))
        return run is None or not set(self.labels) <= {point["labels"] for point in run["points"]}

    def chosen(self, contender: str, seed: int) -> list[int]:
        """Rows that a rival had labelled by its last point."""
        return list(self.runs.get((contender, seed), {}).get("chosen", []))

    @property
    def commits(self) -> list[str]:
        """Those that made the runs in the file, with a plus where files were changed since."""
        return sorted({name_of_commit(by) for run in self.runs.values() for by in run["made_by"]} - {""})

    def begin(self, contender: str, seed: int) -> dict[str, Any]:
        self.runs[contender, seed] = {"contender": contender, "seed": seed, "made_by": [], "points": []}
        return self.runs[contender, seed]

    def add(self, contender: str, seed: int, points: list[dict[str, Any]], by: dict[str, Any]) -> None:
        """`by`: what measured_on.made_by said when the process that made the points began."""
        run = self.runs.get((contender, seed)) or self.begin(contender, seed)
        run.pop("failed", None)
        if name_of_commit(by) not in map(name_of_commit, run["made_by"]):  # a rival goes on where another left it
            run["made_by"].append(by)
        for point in points:
            chosen = point.pop("chosen", None)
            if chosen is not None and len(chosen) >= len(run.get("chosen", [])):
                run["chosen"] = chosen
            run["points"] = sorted(
                [*(kept for kept in run["points"] if kept["labels"] != point["labels"]), point],
                key=lambda kept: int(kept["labels"]),
            )
        self._write()

    def fail(self, contender: str, seed: int, reason: str) -> None:
        run = self.runs.get((contender, seed)) or self.begin(contender, seed)
        run["failed"] = reason
        self._write()

    def curves(self, figure: str) -> dict[str, list[CurvePoint]]:
        """The figure of each contender over its seeds; those that never reached a point are left out."""
        found = {}
        for contender in self.contenders:
            runs = [run for (name, _), run in sorted(self.runs.items()) if name == contender]
            points = curve(
                [[(point["labels"], point[figure]) for point in run["points"] if figure in point] for run in runs]
            )
            if points:
                found[contender] = points
        return found

    def told(self) -> dict[str, Any]:
        curves = {figure: self.curves(figure) for figure in FIGURES}
        main = curves[self.figure]
        ours = next((name for name in self.contenders if name not in RIVALS), None)
        needed = {
            name: [asdict(one) | {"ratio": one.ratio} for one in labels_needed(main[ours], points)]
            for name, points in main.items()
            if ours in main and name != ours
        }
        return {
            "benchmark": "label_efficiency",
            "commits": self.commits,
            "setting": self.setting,
            "texts": self.texts,
            "contenders": {name: self.name_of(name) for name in self.contenders},
            "figure": self.figure,
            "curves": {name: _of(name, curves) for name in self.contenders},
            "unfinished": [{"contender": name, "seed": seed} for name, seed in self.asked if self.lacks(name, seed)],
            "labels_needed": {"of": ours, "for_the_mean_of": needed},
            "runs": [self.runs[key] for key in sorted(self.runs)],
        }

    def _write(self) -> None:
        """Under another name first: a killed process leaves the old file or the whole new one."""
        if self.path is not None:
            unfinished = self.path.with_name(f".{self.path.name}.writing")
            unfinished.write_text(json.dumps(self.told(), indent=1) + "\n", encoding="utf-8")
            unfinished.replace(self.path)


def kept_setting(path: Path | None) -> dict[str, Any] | None:
    """Under which the runs in this file were made; None where there are none yet. Raises ReplayRefused."""
    kept = _kept(path)
    return FORMERLY | kept[0] if kept else None


def _kept(path: Path | None) -> tuple[dict[str, Any], dict[tuple[str, int], dict[str, Any]]] | None:
    """(setting, runs)"""
    if path is None or not path.exists():
        return None
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        setting, runs = dict(kept["setting"]), {(run["contender"], run["seed"]): run for run in kept["runs"]}
        return setting, {key: {"made_by": _made_by(kept)} | run for key, run in runs.items()}
    except (ValueError, KeyError, TypeError):
        raise ReplayRefused(f"{path} is no report of this benchmark; name another file.") from None


def name_of_commit(by: dict[str, Any]) -> str:
    return f"{by['commit']}+" if by["dirty"] else str(by["commit"])


def _made_by(kept: dict[str, Any]) -> list[dict[str, Any]]:
    """What older files say once, of whoever wrote last; empty where they say nothing."""
    said = kept.get("commit", "")
    return (
        [{"commit": said.removesuffix("+"), "dirty": said.endswith("+"), "machine": kept.get("machine")}]
        if said
        else []
    )


def _of(contender: str, curves: dict[str, dict[str, list[CurvePoint]]]) -> dict[str, list[dict[str, Any]]]:
    return {figure: [asdict(p) for p in found[contender]] for figure, found in curves.items() if contender in found}
