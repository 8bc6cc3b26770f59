"""How many texts a second we encode, beside sentence-transformers at its defaults, on the same cores in the same run.

    python -m benchmarks.encode [TEXTS.jsonl] [--n 3000] [--seeds 3] [--json OUT]

Each seed draws its own texts; the two take turns at going first. Prints one JSON object: machine, versions, every run,
medians, the seconds of work by all threads, and the cosine between the two encoders' embeddings.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch

from labeller.learning.measured_on import machine
from modelsvc.encoding.encoder import BUNDLED, Encoder, resolve

DEMO = Path(__file__).parents[1] / "demo" / "terms.jsonl"
RIVAL = "sentence-transformers"


def read_texts(path: Path) -> list[str]:
    """The "text" of each line of a JSON Lines file."""
    if not path.is_file():
        sys.exit(f"There is no file {path}. Give a JSON Lines file with a text in each line.")
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line)["text"] for line in lines]


def timed(encode: Callable[[list[str]], np.ndarray], texts: list[str]) -> tuple[np.ndarray, float, float]:
    """The embeddings, texts a second on the clock, and seconds of work by all threads: on a machine shared with others
    only the work can be compared."""
    clock, work = time.perf_counter(), time.process_time()
    embeddings = encode(texts)
    return embeddings, len(texts) / (time.perf_counter() - clock), time.process_time() - work


def measure(texts: list[str], n: int, seeds: int, threads: int) -> dict[str, Any]:
    """Every run and the medians."""
    from sentence_transformers import SentenceTransformer

    folder = resolve(BUNDLED)
    ours, rival = Encoder.load(folder, threads=threads), SentenceTransformer(str(folder), device="cpu")
    contenders = {"labeller": ours.encode, "sentence_transformers": rival.encode}
    for encode in contenders.values():
        encode(texts[:64])  # warm both up, and let ours measure bfloat16
    runs: list[dict[str, Any]] = []
    for seed in range(seeds):
        rows = np.random.default_rng(seed).permutation(len(texts))[:n]
        chosen = [texts[row] for row in rows]
        order = list(contenders) if seed % 2 == 0 else list(contenders)[::-1]
        found = {name: timed(contenders[name], chosen) for name in order}
        cosine = (found["labeller"][0] * found["sentence_transformers"][0]).sum(1)
        rates = {f"{name}_texts_per_s": round(found[name][1], 1) for name in contenders}
        runs.append(
            {
                "seed": seed,
                "texts": len(chosen),
                **rates,
                **{f"{name}_work_s": round(found[name][2], 2) for name in contenders},
                "cosine_mean": float(cosine.mean()),
                "cosine_min": float(cosine.min()),
            }
        )
    medians = {key: round(median(run[key] for run in runs), 6) for key in runs[0] if key not in ("seed", "texts")}
    ratio = median(run["labeller_texts_per_s"] / run["sentence_transformers_texts_per_s"] for run in runs)
    work = median(run["sentence_transformers_work_s"] / run["labeller_work_s"] for run in runs)
    ratios = {"times_as_fast": round(ratio, 2), "times_less_work": round(work, 2)}
    return {"bf16": ours.gains_by_bf16(), "runs": runs, "median": medians | ratios}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("texts", nargs="?", type=Path, default=DEMO, help="JSON Lines with a text in each line")
    parser.add_argument("--n", type=int, default=3000, help="texts a run (default 3000, or as many as there are)")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--json", type=Path, help="write the result here as well")
    arguments = parser.parse_args()
    if min(arguments.n, arguments.seeds, arguments.threads) < 1:
        parser.error("--n, --seeds and --threads must be at least 1")
    torch.set_num_threads(arguments.threads)
    about = {"benchmark": "encode", "file": arguments.texts.name, "threads": arguments.threads, "machine": machine()}
    texts = read_texts(arguments.texts)
    result = (
        about | {"rival": {RIVAL: version(RIVAL)}} | measure(texts, arguments.n, arguments.seeds, arguments.threads)
    )
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
