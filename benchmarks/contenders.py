"""Who takes part in `label_efficiency`: ours in the product's own loop, and each rival, in processes of their own."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.rivals import OF_THEIR_OWN
from labeller.learning.line_process import answers
from labeller.learning.replay.curves import newest_model
from labeller.learning.replay.file import Material
from labeller.learning.replay.house import play, prepare
from labeller.learning.replay.lines import Known
from labeller.learning.replay.wish import Wish
from labeller.learning.triggers import FIRST_FULL
from modelsvc.encoding.encoder_files import BUNDLED, resolve

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Arena:
    """The same texts, budget and threads for all."""

    work: Path  # holds pool.jsonl, test.jsonl and what is made from them once
    labels: tuple[int, ...]
    threads: int
    refit_every: int = 1  # answers between two refits of our quick model
    found_first: bool = False
    bench_python: Path | None = None  # interpreter of the rivals OF_THEIR_OWN

    @property
    def pool(self) -> Path:
        return self.work / "pool.jsonl"

    @property
    def test(self) -> Path:
        return self.work / "test.jsonl"

    def fill(self, material: Material) -> None:
        """Write the texts. What an earlier run made in this folder from other texts, or by a database of other tables,
        is removed."""
        for path, known in ((self.pool, material.pool), (self.test, material.test)):
            path.write_text("".join(_line(one, material.multi_label) for one in known), encoding="utf-8")
        tables = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("labeller/*/migrations/*.py"))
        made_of = self.pool.read_bytes() + self.test.read_bytes() + "\n".join(tables).encode()
        mark = hashlib.sha256(made_of).hexdigest()
        stamp = self.work / "texts.sha256"
        if not stamp.exists() or stamp.read_text() != mark:
            for folder in (self.work / "house", *self.work.glob("kept-*")):
                shutil.rmtree(folder, ignore_errors=True)
            for path in self.work.glob("*.npy"):
                path.unlink()
            stamp.write_text(mark)

    def play_ours(self, policy: str, seed: int) -> Iterator[dict[str, Any]]:
        """Points of the loop without an audit: the whole budget teaches. Full runs where the first starts by itself and
        at each count, for nobody's clock decides here. After those of an earlier run in this folder that was stopped,
        or wanted fewer labels. Raises ProcessFailed."""
        wish = Wish(
            train=str(self.pool),
            test=str(self.test),
            labels=self.labels,
            full_at=full_runs_at(self.labels),
            policy=policy,
            seed=seed,
            audit=False,
            refit_every=self.refit_every,
            found_first=self.found_first,
            keep_in_both=True,  # the files here are as `fill` was given them
            keep=str(self.work / f"kept-{policy}-{seed}"),
        )
        own = self.work / f"playing-{policy}-{seed}"
        shutil.rmtree(own, ignore_errors=True)  # of a run that was killed
        for point in play(self._house(), own, wish, threads=self.threads):
            yield point | {"seconds": point["learning_s"]} | (newest_model(point) or {})

    def play_rival(self, rival: str, seed: int, chosen: Sequence[int]) -> Iterator[dict[str, Any]]:
        """Points of a rival, after those of an earlier run that had labelled the rows `chosen`. Raises
        ProcessFailed."""
        python = str(self.bench_python) if rival in OF_THEIR_OWN else sys.executable
        order = {
            "rival": rival,
            "train": str(self.pool),
            "test": str(self.test),
            "labels": self.labels,
            "seed": seed,
            "chosen": list(chosen),
            "found_first": self.found_first,
            "embeddings": [str(self.work / "train.npy"), str(self.work / "test.npy")],
            "encoder": str(resolve(BUNDLED)),
        }
        return answers([python, "-m", "benchmarks.rivals"], order, folder=ROOT, environment=self._environment())

    def _house(self) -> Path:
        """Made once for all seeds; the embeddings take a while."""
        house, making = self.work / "house", self.work / "house-in-the-making"
        if not house.exists():
            shutil.rmtree(making, ignore_errors=True)
            prepare(making, self.pool, self.test, threads=self.threads, keep_in_both=True)
            making.rename(house)
        return house

    def _environment(self) -> dict[str, str]:
        own = {"OPENBLAS_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE", "TOKENIZERS_PARALLELISM": "false"}
        offline = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
        return {**os.environ, **own, **offline, "OMP_NUM_THREADS": str(self.threads)}


def full_runs_at(labels: Sequence[int]) -> tuple[int, ...]:
    """Where ours trains: at its first trigger, before which nothing but the quick model is in use, and at each count.
    In use it trains at each quarter more labels besides: that would take a day here."""
    return tuple(sorted({*(count for count in (FIRST_FULL,) if count < max(labels)), *labels}))


def _line(known: Known, multi_label: bool) -> str:
    labels = {"labels": list(known.labels)} if multi_label else {"label": known.labels[0]}
    return json.dumps({"text": known.text} | labels, ensure_ascii=False) + "\n"
