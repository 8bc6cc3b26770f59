"""What is asked of `label_efficiency` on its command line, checked before anything is begun."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from benchmarks.label_efficiency_report import kept_setting
from benchmarks.rivals import OF_THEIR_OWN, RIVALS
from labeller import environment
from labeller.learning.bridges.recipe import what_is_wrong
from labeller.learning.replay.asked import at_least, chosen, read_counts, writable
from labeller.learning.replay.file import Material, read_material
from labeller.learning.replay.lines import ReplayRefused
from labeller.learning.replay.setting import setting_of


@dataclass(frozen=True)
class Asked:
    """A comparison that can be made."""

    material: Material
    setting: dict[str, Any]  # what must be the same for figures that stand in one file
    labels: tuple[int, ...]
    seeds: range
    policies: list[str]  # of ours
    rivals: list[str]

    @property
    def runs(self) -> list[tuple[str, int]]:
        """(contender, seed), seed by seed, so that a comparison cut short compares like with like."""
        return [(contender, seed) for seed in self.seeds for contender in [*self.policies, *self.rivals]]


def parser(description: str | None) -> argparse.ArgumentParser:
    """The options. `checked` looks at their values."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train", type=Path)
    parser.add_argument("test", type=Path, nargs="?", help="not opened, and not needed, with --held-back")
    parser.add_argument("--policy", default="default", help="of ours; several with commas, the first is compared")
    parser.add_argument("--labels", default="32,64,128,256,525")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--rivals", default="a,b,c", help="of a, b, c, d, e, svm; empty for none")
    parser.add_argument("--held-back", action="store_true", help="measure on a third of TRAIN")
    parser.add_argument("--found-first", action="store_true", help="the first text of each label comes from search")
    parser.add_argument("--refit-every", type=int, default=1, metavar="N", help="answers between our quick refits")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, help="begin no new seed after so many")
    parser.add_argument("--bench-python", type=Path, help="interpreter of rivals d and e")
    parser.add_argument("--work", type=Path, metavar="FOLDER", help="keeps texts and embeddings for the next time")
    parser.add_argument("--json", type=Path, metavar="OUT", help="kept after every point, and gone on with")
    parser.add_argument("--png", type=Path, metavar="OUT")
    return parser


def checked(options: argparse.Namespace) -> Asked:
    """Raises ReplayRefused with a sentence for what cannot be done."""
    _check_numbers(options)
    for out in (options.json, options.png):
        if out is not None:
            writable(out)
    if options.work and options.work.exists() and not options.work.is_dir():
        raise ReplayRefused(f"{options.work} is no folder; --work keeps several files.")
    recipe = _recipe()
    material = _material(options)
    labels = read_counts(options.labels, pool=len(material.pool))
    if options.found_first and labels[0] < len(material.names):
        raise ReplayRefused(f"With {len(material.names)} labels found by search the first count must be as large.")
    rivals = chosen(options.rivals, RIVALS, "rival")
    policies = chosen(options.policy, _policies(), "policy")
    if not policies and not rivals:
        raise ReplayRefused("Nobody takes part: name a policy, or a rival.")
    if set(rivals) & set(OF_THEIR_OWN):
        _check_interpreter(options.bench_python)
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    return Asked(material, _setting(options, material, recipe), labels, seeds, policies, rivals)


def _check_numbers(options: argparse.Namespace) -> None:
    at_least(1, options.seeds, "--seeds")
    at_least(0, options.first_seed, "--first-seed")
    at_least(1, options.refit_every, "--refit-every")
    at_least(1, options.threads, "--threads")
    if options.seconds is not None and not options.seconds > 0:
        raise ReplayRefused(f"--seconds {options.seconds:g} leaves no time to begin a seed.")


def _check_interpreter(path: Path | None) -> None:
    if path is None:
        raise ReplayRefused("Rivals d and e need --bench-python, an interpreter with requirements-bench.txt.")
    if not path.is_file() or not os.access(path, os.X_OK):
        raise ReplayRefused(f"--bench-python {path} is no program that can be run.")


def _recipe() -> dict[str, Any]:
    """The switches, which each play's own process reads too; a wrong one would only end the first full run."""
    try:
        switches = environment.json_object("LABELLER_RECIPE")
    except ImproperlyConfigured as problem:
        raise ReplayRefused(str(problem)) from None
    if problem := what_is_wrong(switches):
        raise ReplayRefused(f"LABELLER_RECIPE: {problem}")
    return switches


def _material(options: argparse.Namespace) -> Material:
    if options.test is None and not options.held_back:
        raise ReplayRefused("There is no test file; name one, or measure on a part of TRAIN with --held-back.")
    begun = kept_setting(options.json)
    keep = begun is not None and begun["in_test_too"] == "kept"  # a file from before they were left out goes on
    return read_material(options.train, None if options.held_back else options.test, keep_in_both=keep)


def _policies() -> list[str]:
    from modelsvc.querying.strategies import STRATEGIES

    return list(STRATEGIES)


def _setting(options: argparse.Namespace, material: Material, recipe: dict[str, Any]) -> dict[str, Any]:
    return setting_of(options.train, None if options.held_back else options.test, material, recipe) | {
        "found_first": options.found_first,
        "refit_every": options.refit_every,
        "threads": options.threads,
        "audit": False,
    }
