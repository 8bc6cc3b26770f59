"""How many labels it takes: ours in the product's own loop beside what a user would pick instead.

    python -m benchmarks.label_efficiency TRAIN.jsonl TEST.jsonl --policy default --labels 32,64,128,256,525 \\
        --seeds 5 [--rivals a,b,c,d,e,svm] [--held-back] [--json OUT] [--png OUT]

Ours plays the file through the services of the product: its queue, its quick refits after every answer, its full runs
at 16 labels, where the first starts by itself, and at the counts wanted. The project has no audit (as the product
offers it to whoever has a test file), so the whole budget teaches; the figures are those of the newest head over the
encoder that serves. Every rival gets the same pool, the same number of labels and the same threads. With --held-back a
third of TRAIN is the test, the same third for all seeds, and TEST is not opened. With --found-first the first text of
each label comes from search, for all.

OUT is written after every point, and what is there is not made again. A seed of ours that was stopped goes on from its
last point, and so does one of which more labels are wanted, where the same --work is given; without it the seed is
played anew. Each run says which commits made it, on which machine.
Prints one JSON object; progress goes to standard error. Where a contender failed, the exit code is 1.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from benchmarks.contenders import Arena
from benchmarks.label_efficiency_asked import Asked, checked, parser
from benchmarks.label_efficiency_report import Report, name_of_commit
from labeller.learning.line_process import ProcessFailed
from labeller.learning.measured_on import made_by
from labeller.learning.replay.chart import curves_spec, save_png, title_of
from labeller.learning.replay.house import folder_for_now
from labeller.learning.replay.lines import ReplayRefused


def main() -> None:
    options = (asking := parser(__doc__)).parse_args()
    try:
        asked = checked(options)
        report = Report.read(options.json, asked.setting, asked.runs, asked.labels)
        report.texts = asked.material.facts
    except ReplayRefused as refusal:
        asking.error(str(refusal))
    for note in asked.material.notes:
        _say(note)
    foretold = _tell_commits(report, about_to_begin=any(report.lacks(*run) for run in asked.runs))
    with folder_for_now("labeller-efficiency-") as folder:
        work = options.work or folder
        work.mkdir(parents=True, exist_ok=True)
        arena = Arena(
            work.resolve(),
            asked.labels,
            options.threads,
            options.refit_every,
            options.found_first,
            options.bench_python,
        )
        arena.fill(asked.material)
        _compete(arena, report, asked, options.seconds)
    if report.commits != foretold:  # the code was changed on the way
        _tell_commits(report)
    print(json.dumps(report.told(), indent=1), flush=True)  # before the picture, which may fail
    if options.png:
        curves = {report.name_of(key): points for key, points in report.curves(report.figure).items()}
        title = title_of(options.train, held_back=options.held_back)
        tested_on = len(asked.material.test)
        save_png(curves_spec(curves, figure=report.figure, title=title, tested_on=tested_on), options.png)
    if any("failed" in run for run in map(report.runs.get, asked.runs) if run):
        sys.exit(1)


def _compete(arena: Arena, report: Report, asked: Asked, seconds: float | None) -> None:
    started, left = time.monotonic(), dict[str, list[int]]()
    for seed in asked.seeds:
        late = seconds is not None and time.monotonic() - started > seconds
        for contender in [*asked.policies, *asked.rivals]:
            if not report.lacks(contender, seed):
                continue
            if late:
                left.setdefault(contender, []).append(seed)
                continue
            _say(f"{contender}, seed {seed}: begun")
            try:
                _run(arena, report, contender, seed, is_rival=contender in asked.rivals)
            except ProcessFailed as failure:  # the others go on; next time it is tried again
                report.fail(contender, seed, str(failure))
                _say(f"{contender}, seed {seed}: failed. {failure}")
    for contender, seeds in left.items():
        were = f" {seeds[0]} was" if len(seeds) == 1 else f"s {', '.join(map(str, seeds))} were"
        _say(f"Time is up: {contender} seed{were} not begun.")


def _tell_commits(report: Report, *, about_to_begin: bool = False) -> list[str]:
    """Those whose runs stand in the file beside one another, with what is about to be made; said where they are
    several."""
    commits = sorted({*report.commits, *([name_of_commit(made_by())] if about_to_begin else [])} - {""})
    if len(commits) > 1:
        _say(f"Runs of several commits stand beside one another: {', '.join(commits)}. Each run names its own.")
    return commits


def _run(arena: Arena, report: Report, contender: str, seed: int, *, is_rival: bool) -> None:
    by = made_by()  # before its process reads the code
    if is_rival:
        for point in arena.play_rival(contender, seed, report.chosen(contender, seed)):
            report.add(contender, seed, [point], by)
            _tell(contender, seed, point)
        return
    for number, point in enumerate(arena.play_ours(contender, seed)):
        if not number:  # the points of one seed come from one play
            report.begin(contender, seed)
        report.add(contender, seed, [point], point.pop("made_by", by))
        _tell(contender, seed, point)


def _tell(contender: str, seed: int, point: dict[str, Any]) -> None:
    figures = ", ".join(f"{name} {point[name]}" for name in ("accuracy", "macro_f1") if name in point)
    _say(f"{contender}, seed {seed}: {point['labels']} labels, {figures or 'no model yet'}, {point['seconds']} s")


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
