"""Several plays of a labelled file, one after the other, and what they say together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from labeller.learning.measured_on import commit, machine
from labeller.learning.replay.curves import FIGURES, CurvePoint, curve, figure_for, newest_model
from labeller.learning.replay.file import Material
from labeller.learning.replay.house import play, prepare
from labeller.learning.replay.setting import setting_of
from labeller.learning.replay.wish import Wish

Play = dict[str, Any]  # policy, seed, and the points that the replay printed
Say = Callable[[str], object]


@dataclass(frozen=True)
class Simulation:
    """What was asked for, checked."""

    train: Path
    test: Path | None
    material: Material
    labels: tuple[int, ...]
    policies: list[str]
    seeds: range
    full_at: tuple[int, ...] | Literal["auto"]
    audit: bool
    recipe: dict[str, Any]
    threads: int  # of a full run; 0: all cores

    @property
    def figure(self) -> str:
        return figure_for(multi_label=self.material.multi_label)

    @property
    def setting(self) -> dict[str, Any]:
        """What made the figures."""
        return setting_of(self.train, self.test, self.material, self.recipe) | {
            "labels": list(self.labels),
            "policies": self.policies,
            "seeds": list(self.seeds),
            "full": self.full_at if isinstance(self.full_at, str) else list(self.full_at),
            "audit": self.audit,
            "threads": self.threads,
        }

    def wish(self, policy: str, seed: int) -> Wish:
        return Wish(
            train=str(self.train),
            test=str(self.test) if self.test else None,
            labels=self.labels,
            full_at=self.full_at,
            policy=policy,
            seed=seed,
            audit=self.audit,
        )


def played(wished: Simulation, folder: Path, say: Say) -> Iterator[Play]:
    """One play after the other, told as it goes. Raises ProcessFailed."""
    prepared = folder / "prepared"
    for note in wished.material.notes:
        say(note)
    say(f"Reading {len(wished.material.pool):,} texts; {len(wished.material.test):,} others are the test.")
    prepare(prepared, wished.train, wished.test)
    for policy in wished.policies:
        for seed in wished.seeds:
            points = []
            for point in play(prepared, folder / "playing", wished.wish(policy, seed)):
                points.append(point)
                say(_sentence(policy, seed, point, wished.figure))
            if len(points) < len(wished.labels):
                say(f"{policy}, seed {seed}: no text was left to label.")
            yield {"policy": policy, "seed": seed, "points": points}


def _sentence(policy: str, seed: int, point: dict[str, Any], figure: str) -> str:
    model = newest_model(point)
    value = f"{FIGURES[figure].lower()} {model[figure]:.3f}" if model else "no model yet"
    full = sum(made["state"] == "done" for made in point["rounds"])
    since = f", {full} full run{'s' if full > 1 else ''}" if full else ""
    return f"{policy}, seed {seed}: {point['labels']} labels, {value}{since}, {point['learning_s']:.0f} s of learning."


def curves(plays: list[Play], figure: str) -> dict[str, list[CurvePoint]]:
    """Of each policy, over its seeds."""
    found: dict[str, list[list[tuple[int, float]]]] = {}
    for one in plays:
        values = [(point["labels"], model[figure]) for point in one["points"] if (model := newest_model(point))]
        found.setdefault(one["policy"], []).append(values)
    return {policy: curve(values) for policy, values in found.items()}


def told(wished: Simulation, plays: list[Play]) -> dict[str, Any]:
    """For machines."""
    return {
        "machine": machine(),
        "commit": commit(),
        "setting": wished.setting,
        "texts": wished.material.facts,
        "figure": wished.figure,
        "curves": {
            figure: {policy: [asdict(point) for point in points] for policy, points in curves(plays, figure).items()}
            for figure in FIGURES
        },
        "plays": plays,
    }


def table(wished: Simulation, plays: list[Play]) -> Iterator[str]:
    """A row for each number of labels, a column for each policy: mean (worst to best seed)."""
    found = curves(plays, wished.figure)
    wide = max(22, *(len(policy) + 2 for policy in found))
    tested, seeds = len(wished.material.test), len(wished.seeds)
    yield ""
    yield f"{FIGURES[wished.figure]} on {tested:,} texts, mean (worst to best of {seeds})"
    yield "labels".rjust(8) + "".join(policy.rjust(wide) for policy in found)
    for labels in wished.labels:
        cells = []
        for points in found.values():
            at = next((point for point in points if point.labels == labels), None)
            cells.append(f"{at.mean:.3f} ({at.low:.3f}-{at.high:.3f})" if at else "-")
        yield str(labels).rjust(8) + "".join(cell.rjust(wide) for cell in cells)
