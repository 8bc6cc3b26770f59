"""What each stage of a full run brings: accuracy and seconds of the model from the labels, and of the pool's share.

    python -m benchmarks.recipe TRAIN.jsonl TEST.jsonl --labels 32,64,128 --seeds 3 --order default --json OUT --png OUT

The labels are those that `--order` asks for: "medoids" all at once, a query strategy with the quick model over the
frozen encoder in the loop; the rest of TRAIN is the pool. The frozen encoder with the same head is measured in the
same run. With `--held-back` a third of TRAIN is the test and TEST is not opened: choose there.
`--first-stage` makes no second stage and judges the first, with the pool's share in its head alone: which policy's
labels suit a tuned encoder, in a quarter of the time. `--ahead 5` holds as many texts as the labelling page does.
`--pseudo 2000 --pseudo 2000,2000` compares rounds of self-training; the picture is accuracy against the seconds of a
round. Runs already in OUT are not made again. One JSON object.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.labelled_lines import known_texts
from benchmarks.named import label_texts, prototypes, without_names
from benchmarks.recipe_chart import rounds_spec
from benchmarks.strategies import Frozen, labelled_at
from labeller.learning.measured_on import machine
from labeller.learning.replay.chart import save_png
from modelsvc.encoding.encoder import BUNDLED, Encoder, resolve
from modelsvc.full_run.recipe import RecipeConfig, Stage, train
from modelsvc.heads.pool_graph import sampled
from modelsvc.heads.prototypes import Prototypes
from modelsvc.heads.quick import fit_head, predict_proba
from modelsvc.querying.diversity import medoids
from modelsvc.querying.strategies import STRATEGIES
from modelsvc.types import Embeddings, Rows, Targets

Texts = list[str]
ORDERS = ("medoids", *STRATEGIES)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("train", type=Path)
    parser.add_argument("test", type=Path)
    parser.add_argument("--labels", default="32,64,128")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--order", choices=ORDERS, default="medoids", help="medoids: all at once")
    parser.add_argument("--teacher", choices=("auto", "contrastive", "plain"), default="auto")
    parser.add_argument("--least-right", type=float, default=RecipeConfig.least_right, help="0 = always use the pool")
    parser.add_argument("--pseudo", action="append", metavar="K,K", help="pseudo-labels a round; may be given again")
    parser.add_argument("--first-stage", action="store_true", help="no stage learns from the pool")
    parser.add_argument("--ahead", type=int, default=0, help="texts that the page holds when a refit ranks anew")
    parser.add_argument("--noise", type=float, default=0.0, help="share of the labels made wrong")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--held-back", action="store_true")
    without_names(parser)
    parser.add_argument("--cache", type=Path, help="folder for the frozen embeddings")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--png", type=Path)
    options = parser.parse_args()
    for path in (options.train, options.test):
        if not path.exists():
            parser.error(f"There is no {path}: the benchmark data is not part of the project.")
    done = _done(options.json)
    scene = Scene(options)
    usual = ",".join(str(k) for k in RecipeConfig.pseudo)
    labels = [int(part) for part in options.labels.split(",")]
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    for n, seed, pseudo in product(labels, seeds, options.pseudo or [usual]):
        how = [options.order, options.teacher, options.least_right, options.noise]
        how += ["first stage"] * options.first_stage + [f"ahead {options.ahead}"] * bool(options.ahead)
        how += ["names"] * (not options.without_names)
        key = "/".join(str(part) for part in (n, seed, *how, pseudo))
        if key not in done:
            done[key] = scene.measure(n, seed, tuple(int(k) for k in pseudo.split(",")))
            print(key, json.dumps(done[key]), file=sys.stderr, flush=True)
            _write(options, done)
    if options.png:
        save_png(rounds_spec(done, title=options.train.stem), options.png)
    print(json.dumps(_report(options, done), indent=1))


class Scene:
    """The file's texts, cut into a pool and a test, with frozen embeddings."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.encoder = Encoder.load(resolve(BUNDLED), threads=options.threads)
        texts, labels = _read(options.train)
        self.names = sorted(set(labels))
        self.label_texts = label_texts(self.names, teach=not options.without_names)
        self.prototypes = prototypes(self.label_texts, self.encoder.encode)
        X, Y = self._frozen(options.train, texts), self._targets(labels)
        if options.held_back:
            order = np.random.default_rng(77).permutation(len(texts))
            pool, test = order[: len(texts) * 2 // 3], order[len(texts) * 2 // 3 :][:1500]
            self.test = [texts[i] for i in test], X[test], Y[test]
            self.pool = [texts[i] for i in pool], X[pool], Y[pool]
        else:
            found, answers = _read(options.test)
            self.test = found, self._frozen(options.test, found), self._targets(answers)
            self.pool = texts, X, Y

    def _frozen(self, path: Path, texts: Texts) -> Embeddings:
        cached = self.options.cache and self.options.cache / f"{path.stem}.npy"
        if cached and cached.exists():
            X: Embeddings = np.load(cached)
            return X
        X = self.encoder.encode(texts)
        if cached:
            np.save(cached, X)
        return X

    def _targets(self, labels: list[str]) -> Targets:
        return np.array([[name == label for name in self.names] for label in labels], np.uint8)

    def measure(self, n: int, seed: int, pseudo: tuple[int, ...]) -> dict[str, Any]:
        """One run: {stage: accuracy}, {stage: seconds}, and what the last stage says of itself."""
        texts, X, Y = self.pool
        rng = np.random.default_rng(seed)
        chosen = self._chosen(n, seed, rng)
        rest = np.setdiff1d(np.arange(len(texts)), chosen)
        answers = _spoilt(Y[chosen], self.options.noise, rng)
        asked = sampled(len(rest), seed=seed)  # of the pool, for its share in the head
        accuracy = {
            "frozen": _accuracy(X[chosen], answers, *self.test[1:], X[rest[asked]], names=self.prototypes)
        }  # without an audit names teach no tuned encoder, as in the product
        options = self.options
        use, least = not options.first_stage, options.least_right
        config = RecipeConfig(teacher=options.teacher, use_pool=use, least_right=least, pseudo=pseudo)
        labelled, pool = [texts[i] for i in chosen], [texts[i] for i in rest]
        seconds: dict[str, float] = {}

        def on_stage(stage: Stage) -> Embeddings | None:
            started = time.perf_counter()
            read = stage.encoder.encode(pool)
            seconds.setdefault("reading", round(time.perf_counter() - started, 1))
            here, there = stage.encoder.encode(labelled), stage.encoder.encode(self.test[0])
            accuracy[stage.name] = _accuracy(here, answers, there, self.test[2], read[asked], tuned=True)
            accuracy[f"{stage.name}, head alone"] = _accuracy(here, answers, there, self.test[2], None, tuned=True)
            seconds[stage.name] = round(stage.seconds, 1)
            print(n, seed, stage.name, accuracy, seconds, stage.facts, file=sys.stderr, flush=True)
            return read if stage.name == "labels" else None

        stages = train(
            resolve(BUNDLED),
            labelled,
            answers,
            multi_label=False,
            pool_texts=pool,
            config=config,
            threads=self.options.threads,
            seed=seed,
            label_texts=self.label_texts,
            on_stage=on_stage,
        )
        kinds = int(np.count_nonzero(answers.sum(0)))
        return {"accuracy": accuracy, "seconds": seconds, "kinds": kinds, "facts": stages[-1].facts}

    def _chosen(self, n: int, seed: int, rng: np.random.Generator) -> Rows:
        _, X, Y = self.pool
        if self.options.order == "medoids":
            return medoids(X, n, rng=rng)
        label_X = self.encoder.encode([text for (text,) in label_texts(self.names)])
        options = self.options
        data = Frozen(
            options.train.stem,
            self.names,
            X,
            Y,
            *self.test[1:],
            label_X,
            asks_names=not options.without_names,
            ahead=options.ahead,
        )
        return labelled_at(data, self.options.order, seed, [n])[n]


def _accuracy(
    X: Embeddings,
    Y: Targets,
    test_X: Embeddings,
    test_Y: Targets,
    pool_X: Embeddings | None,
    *,
    tuned: bool = False,
    names: Prototypes | None = None,
) -> float:
    """Of the head that the product would fit without an audit; without `pool_X` one in which the pool has no share."""
    unseen = np.zeros(len(Y), np.bool_) if tuned else None
    head = fit_head(X, Y, multi_label=False, calibrate_on=unseen, pool_X=pool_X, names=names)
    return round(float((predict_proba(head, test_X).argmax(1) == test_Y.argmax(1)).mean()), 4)


def _spoilt(Y: Targets, share: float, rng: np.random.Generator) -> Targets:
    """The same labels, a share of them replaced by another kind."""
    spoilt = Y.copy()
    for row in rng.permutation(len(Y))[: round(share * len(Y))]:
        wrong = (Y[row].argmax() + rng.integers(1, Y.shape[1])) % Y.shape[1]
        spoilt[row] = np.eye(Y.shape[1], dtype=np.uint8)[wrong]
    return spoilt


def _read(path: Path) -> tuple[Texts, list[str]]:
    rows, _ = known_texts(path)
    return [row.text for row in rows], [row.labels[0] for row in rows]


def _done(path: Path | None) -> dict[str, Any]:
    return dict(json.loads(path.read_text(encoding="utf-8"))["runs"]) if path and path.exists() else {}


def _report(options: argparse.Namespace, done: dict[str, Any]) -> dict[str, Any]:
    head = {"benchmark": "recipe", "machine": machine(), "texts": options.train.name, "held_back": options.held_back}
    means: dict[str, dict[str, float]] = {}
    for kind in sorted({key.split("/", 1)[0] + "/" + key.split("/", 2)[2] for key in done}):
        n, rest = kind.split("/", 1)
        runs = [run for key, run in done.items() if key.split("/", 1)[0] == n and key.split("/", 2)[2] == rest]
        last = [run["accuracy"].get("pool", run["accuracy"]["labels"]) for run in runs]
        columns = {name: [run["accuracy"][name] for run in runs if name in run["accuracy"]] for name in STAGES}
        means[kind] = {name: round(float(np.mean(found)), 4) for name, found in columns.items() if found}
        means[kind] |= {"served": round(float(np.mean(last)), 4), "runs": len(runs)}
    return head | {"means": means, "runs": done}


STAGES = ("frozen", "labels", "labels, head alone", "pool", "pool, head alone")


def _write(options: argparse.Namespace, done: dict[str, Any]) -> None:
    if options.json:
        staging = options.json.with_suffix(".writing")
        staging.write_text(json.dumps(_report(options, done), indent=1) + "\n", encoding="utf-8")
        staging.rename(options.json)


if __name__ == "__main__":
    main()
