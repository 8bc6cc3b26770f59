"""How many labels it takes: ours in the product's own loop beside what a user would pick instead.

    python -m benchmarks.label_efficiency TRAIN.jsonl TEST.jsonl --policy default --labels 32,64,128,256,525 \\
        --seeds 5 [--rivals a,b,c,d,e,svm] [--held-back] [--json OUT] [--png OUT]

Ours plays the file through the services of the product: its queue, its quick refits after every answer, its full runs
at 16 labels, where the first starts by itself, and at the counts wanted. The project has no audit (as the product
offers it to whoever has a test file), so the whole budget teaches; the figures are those of the newest head over the
encoder that serves. Every rival gets the same pool, the same number of labels and the same threads. With --held-back a
third of TRAIN is the test, the same third for all seeds, and TEST is not opened. With --found-first the first text of
each label comes from search, for all.

OUT is written after every point. What is there is not made again, but for a seed of ours that was stopped half-way: its
points stay until the seed is played anew.
Prints one JSON object; progress goes to standard error.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.contenders import Arena
from benchmarks.label_efficiency_report import Report
from benchmarks.rivals import OF_THEIR_OWN, RIVALS
from labeller import environment
from labeller.learning.line_process import ProcessFailed
from labeller.learning.replay_chart import curves_spec, save_png
from labeller.learning.replay_file import Material, ReplayRefused, read_counts, read_material
from labeller.learning.triggers import FIRST_FULL


def main() -> None:
    parser = _parser()
    options = parser.parse_args()
    try:
        material = _material(options)
        labels = read_counts(options.labels, pool=len(material.pool))
        if options.found_first and labels[0] < len(material.names):
            raise ReplayRefused(f"With {len(material.names)} labels found by search the first count must be as large.")
        report = Report.read(options.json, _setting(options, material))
        rivals = _known(options.rivals, RIVALS, "rival")
        policies = _known(options.policy, _policies(), "policy")
        if set(rivals) & set(OF_THEIR_OWN) and options.bench_python is None:
            raise ReplayRefused("Rivals d and e need --bench-python, an interpreter with requirements-bench.txt.")
    except ReplayRefused as refusal:
        parser.error(str(refusal))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the folder below goes too
    with tempfile.TemporaryDirectory(prefix="labeller-efficiency-") as folder:
        work = options.work or Path(folder)
        work.mkdir(parents=True, exist_ok=True)
        arena = Arena(
            work.resolve(),
            labels,
            options.threads,
            options.refit_every,
            options.found_first,
            options.bench_python,
        )
        arena.fill(material)
        seeds = range(options.first_seed, options.first_seed + options.seeds)
        _compete(arena, report, policies, rivals, seeds, options.seconds)
    told = report.told()
    if options.png:
        curves = {report.name_of(key): points for key, points in report.curves(report.figure).items()}
        title = f"{options.train.stem}{', a third of it held back' if options.held_back else ''}"
        save_png(curves_spec(curves, figure=report.figure, title=title), options.png)
    print(json.dumps(told, indent=1))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
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


def _material(options: argparse.Namespace) -> Material:
    if options.test is None and not options.held_back:
        raise ReplayRefused("There is no test file; name one, or measure on a part of TRAIN with --held-back.")
    return read_material(options.train, None if options.held_back else options.test)


def _known(words: str, table: Any, what: str) -> list[str]:
    names = [word.strip() for word in words.split(",") if word.strip()]
    unknown = [name for name in names if name not in table]
    if unknown:
        raise ReplayRefused(f"There is no {what} '{unknown[0]}'; known: {', '.join(sorted(table))}.")
    return names


def _policies() -> list[str]:
    from modelsvc.strategies import STRATEGIES

    return list(STRATEGIES)


def _setting(options: argparse.Namespace, material: Material) -> dict[str, Any]:
    """What must be the same for figures that stand in one file."""
    switches = environment.json_object("LABELLER_RECIPE")  # the play's own process reads them too
    return ({"recipe": switches} if switches else {}) | {
        "train": _named(options.train),
        "test": "a third of train" if options.held_back else _named(options.test),
        "pool": len(material.pool),
        "tested_on": len(material.test),
        "kinds": len(material.names),
        "several_labels": material.multi_label,
        "found_first": options.found_first,
        "refit_every": options.refit_every,
        "first_full_run": FIRST_FULL,
        "threads": options.threads,
        "audit": False,
    }


def _named(path: Path) -> str:
    return f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"


def _compete(
    arena: Arena, report: Report, policies: list[str], rivals: list[str], seeds: range, seconds: float | None
) -> None:
    started = time.monotonic()
    for seed in seeds:
        late = seconds is not None and time.monotonic() - started > seconds
        for contender in [*policies, *rivals]:
            if report.lacks(contender, seed, arena.labels) and not late:
                _say(f"{contender}, seed {seed}: begun")
                try:
                    _run(arena, report, contender, seed, is_rival=contender in rivals)
                except ProcessFailed as failure:  # the others go on; next time it is tried again
                    report.fail(contender, seed, str(failure))
                    _say(f"{contender}, seed {seed}: failed. {failure}")


def _run(arena: Arena, report: Report, contender: str, seed: int, *, is_rival: bool) -> None:
    if is_rival:
        for point in arena.play_rival(contender, seed, report.chosen(contender, seed)):
            report.add(contender, seed, [point])
            _tell(contender, seed, point)
        return
    for number, point in enumerate(arena.play_ours(contender, seed)):
        if not number:  # a loop cannot be gone on with: the points of one seed come from one play
            report.begin(contender, seed)
        report.add(contender, seed, [point])
        _tell(contender, seed, point)


def _tell(contender: str, seed: int, point: dict[str, Any]) -> None:
    figures = ", ".join(f"{name} {point[name]}" for name in ("accuracy", "macro_f1") if name in point)
    _say(f"{contender}, seed {seed}: {point['labels']} labels, {figures or 'no model yet'}, {point['seconds']} s")


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
