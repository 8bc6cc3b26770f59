"""Query strategies on the frozen encoder: accuracy at growing numbers of labels, each policy on its own labels.

    python -m benchmarks.strategies TRAIN.jsonl TEST.jsonl [more pairs] [--policies default,random] [--seeds 5]
        [--labels 32,64,128,256,525] [--ahead 5] [--held-back] [--embeddings FOLDER] [--seconds S] [--json OUT]

One label a text. As in the product's quick loop the head is refitted and the pool ranked again after every few labels:
8, and a sixteenth of those there are where that is more. With --ahead a page holds so many texts more, chosen before
the last refit, as the labelling page does with five. A policy that asks a model begins with medoids until two kinds
of label are known. `medoids at once` is no policy: the medoids of the pool, all taken before any label is known. Runs
that OUT already has are not made again. Embeddings are kept in FOLDER as TRAIN's and TEST's names with .npy, beside
NAMES of the labels. Prints one JSON object: every run, then mean and spread by set, policy and number of labels.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.labelled_lines import known_texts
from benchmarks.named import label_texts, of_rows, without_names
from benchmarks.resumable import already, write
from labeller.learning.measured_on import machine
from labeller.learning.replay.lines import Known
from modelsvc.evaluation.evaluate import macro_f1
from modelsvc.heads.pool_graph import sampled
from modelsvc.heads.quick import decide, fit_head, predict_proba
from modelsvc.querying.diversity import medoids
from modelsvc.querying.strategies import ASK_NO_MODEL, STRATEGIES, Pool, rank
from modelsvc.types import Embeddings, Head, Rows, Targets

REFIT_EVERY = 8
AT_ONCE = "medoids at once"


@dataclass(frozen=True)
class Frozen:
    """A labelled file's embeddings, one label a text."""

    name: str
    names: list[str]
    X: Embeddings
    Y: Targets
    test_X: Embeddings
    test_Y: Targets
    label_X: Embeddings  # the labels' names as texts
    asks_pool: bool = True  # whether the pool has a share in the head
    asks_names: bool = True  # whether the labels' names teach
    ahead: int = 0  # texts that the page holds beyond the one that is answered

    def head(self, rows: Rows, *, warm: Head | None = None, seed: int) -> Head:
        """As the product fits it on these labelled texts."""
        pool = self.X[sampled(len(self.X), seed=0)] if self.asks_pool else None
        names = of_rows(self.label_X) if self.asks_names else None
        return fit_head(self.X[rows], self.Y[rows], multi_label=False, warm=warm, seed=seed, pool_X=pool, names=names)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=Path, nargs="+", metavar="TRAIN TEST")
    parser.add_argument("--policies", type=lambda text: text.split(","), default=["default", "random", "cold"])
    parser.add_argument(
        "--labels", type=lambda text: [int(n) for n in text.split(",")], default=[32, 64, 128, 256, 525]
    )
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--ahead", type=int, default=0, help="texts that the page holds when a refit ranks anew")
    parser.add_argument("--held-back", action="store_true", help="judge on a third of TRAIN, never opening TEST")
    parser.add_argument("--without-pool", action="store_true", help="heads without the pool's share")
    without_names(parser)
    parser.add_argument("--embeddings", type=Path, help="a folder in which the frozen embeddings are kept")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no run after so long")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if len(options.files) % 2:
        parser.error(f"Files come in pairs, TRAIN TEST: {len(options.files)} were given.")
    for path in options.files:
        if not path.exists():
            parser.error(f"{path} is not there.")
    for policy in options.policies:
        if policy not in STRATEGIES and policy != AT_ONCE:
            parser.error(f"No policy is called {policy!r}; there are: {', '.join([*STRATEGIES, AT_ONCE])}.")
    report = already(options.json) | {"benchmark": "strategies", "machine": machine()}
    stop = time.perf_counter() + options.seconds
    for train, test in zip(options.files[::2], options.files[1::2], strict=True):
        data = read(train, test, held_back=options.held_back, folder=options.embeddings)
        data = replace(
            data, asks_pool=not options.without_pool, asks_names=not options.without_names, ahead=options.ahead
        )
        for seed in range(options.first_seed, options.first_seed + options.seeds):
            for policy in options.policies:
                key: dict[str, Any] = {"set": data.name, "judged": "third of train" if options.held_back else "test"}
                key |= {"policy": policy, "seed": seed, "points": options.labels}
                key |= {"asks_pool": data.asks_pool, "asks_names": data.asks_names, "ahead": data.ahead}
                if any(key.items() <= run.items() for run in report["runs"]) or time.perf_counter() > stop:
                    continue
                report["runs"].append(key | one_run(data, policy, seed, options.labels))
                print(report["runs"][-1], file=sys.stderr, flush=True)
                write(report, options.json, table)
    write(report, options.json, table)
    print(json.dumps(report, indent=1))


def one_run(data: Frozen, policy: str, seed: int, points: list[int]) -> dict[str, Any]:
    """Accuracy, macro-F1 and kinds of label met at each number of labels; seconds of the whole run."""
    started = time.perf_counter()
    accuracy, f1, kinds = {}, {}, {}
    for n, rows in labelled_at(data, policy, seed, points).items():
        head = data.head(rows, seed=seed)
        answers = decide(head, predict_proba(head, data.test_X))
        accuracy[str(n)] = round(float((answers == data.test_Y).all(axis=1).mean()), 4)
        f1[str(n)] = round(macro_f1(data.test_Y, answers), 4)
        kinds[str(n)] = int(data.Y[rows].any(axis=0).sum())
    return {"accuracy": accuracy, "macro_f1": f1, "kinds": kinds, "seconds": round(time.perf_counter() - started, 1)}


def labelled_at(data: Frozen, policy: str, seed: int, points: list[int]) -> dict[int, Rows]:
    """Which texts are labelled at each of these numbers of labels."""
    rng = np.random.default_rng([seed, 31])
    if policy == AT_ONCE:
        return {n: medoids(data.X, n, rng=rng) for n in points}
    chosen: list[int] = []
    hand: list[int] = []
    found, head = {}, None
    for n in points:
        while len(chosen) < n:
            batch = min(max(REFIT_EVERY, len(chosen) // 16), n - len(chosen))
            free = np.setdiff1d(np.arange(len(data.X)), chosen + hand)
            # A policy that asks no model needs none but at the points.
            head = None if policy in ASK_NO_MODEL else head_of(data, chosen, head, seed)
            pool = Pool(
                data.X[free],
                None if head is None else predict_proba(head, data.X[free]),
                data.X[chosen],
                data.Y[chosen],
                False,
                data.names,
                label_X=data.label_X,
                in_hand_X=data.X[hand],
            )
            strategy = policy if head is not None or policy in ASK_NO_MODEL else "cold"
            wanted = min(batch + data.ahead - len(hand), len(free))
            ranked = rank(pool, wanted, strategy=strategy, seed=1000 * seed + len(chosen))
            queue = hand + free[ranked.rows].tolist()
            chosen, hand = chosen + queue[:batch], queue[batch:]
        found[n] = np.array(chosen, np.int64)
    return found


def head_of(data: Frozen, chosen: list[int], warm: Head | None, seed: int) -> Head | None:
    """The quick model of this moment; None while fewer than two kinds of label are known."""
    if int(data.Y[chosen].any(axis=0).sum()) < 2:
        return None
    return data.head(np.array(chosen, np.int64), warm=warm, seed=seed)


def read(train: Path, test: Path, *, held_back: bool, folder: Path | None) -> Frozen:
    """Both files with their embeddings; with `held_back` a third of the train file is judged, the same as in
    benchmarks.ablation, and the test file is not opened."""
    rows = _one_label(train)
    names = sorted({row.labels[0] for row in rows})
    X = embeddings([row.text for row in rows], train.stem, folder)
    label_X = label_embeddings(names, train, folder)
    Y = targets(rows, names)
    if held_back:
        third = held_third(len(rows))
        return Frozen(train.stem.removesuffix(".train"), names, X[~third], Y[~third], X[third], Y[third], label_X)
    test_rows = _one_label(test)
    test_X = embeddings([row.text for row in test_rows], test.stem, folder)
    return Frozen(train.stem.removesuffix(".train"), names, X, Y, test_X, targets(test_rows, names), label_X)


def held_third(texts: int) -> NDArray[np.bool_]:
    """(N,) which of so many texts are judged and never labelled."""
    return np.random.default_rng(99).permutation(texts) % 3 == 0


def label_embeddings(names: list[str], train: Path, folder: Path | None) -> Embeddings:
    """(C, D) of what the labels are called."""
    return embeddings([text for (text,) in label_texts(names)], train.stem.removesuffix(".train") + ".names", folder)


def targets(rows: list[Known], names: list[str]) -> Targets:
    return np.array([[row.labels[0] == name for name in names] for row in rows], np.uint8)


def _one_label(path: Path) -> list[Known]:
    rows, several = known_texts(path)
    if several:
        print(f"{path} has several labels a text; this benchmark has one.", file=sys.stderr)
        raise SystemExit(2)
    return rows


def embeddings(texts: list[str], name: str, folder: Path | None) -> Embeddings:
    """Read from the folder where they are there, else made by the bundled encoder and kept."""
    kept = folder / f"{name}.npy" if folder else None
    if kept is not None and kept.exists():
        found: Embeddings = np.load(kept).astype(np.float32)
        return found
    from modelsvc.encoding.encoder import Encoder, resolve  # torch only where something is to be read

    X = Encoder.load(resolve("bundled"), threads=1).encode(texts)
    if kept is not None:
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.save(kept, X)
    return X


def table(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Mean and standard deviation over seeds of each figure, by set, policy and number of labels."""
    rows = []
    told = ("set", "judged", "policy", "asks_pool", "asks_names", "ahead")
    for kind in dict.fromkeys(tuple(run.get(key) for key in told) for run in runs):
        mine = [run for run in runs if tuple(run.get(key) for key in told) == kind]
        row: dict[str, Any] = dict(zip(told, kind, strict=True))
        row["seeds"] = sorted({run["seed"] for run in mine})
        for figure in ("accuracy", "macro_f1", "kinds"):
            points = sorted({n for run in mine for n in run[figure]}, key=int)
            row[figure] = {n: _summary([run[figure][n] for run in mine if n in run[figure]]) for n in points}
        rows.append(row)
    return rows


def _summary(values: list[float]) -> list[float]:
    return [round(float(np.mean(values)), 4), round(float(np.std(values, ddof=len(values) > 1)), 4)]


if __name__ == "__main__":
    main()
