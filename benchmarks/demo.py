"""Label efficiency on the demo corpus: our loop against random order and against TF-IDF on the same labels.

    python -m benchmarks.demo [--seeds 3] [--full] [--without-names] [--json OUT]

A third of the corpus is held back, stratified by kind. The rest is the pool, of which a random share is the audit
reserve that no strategy may choose. Texts are answered from the gold file; the queue is ranked anew after every five.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.labelled_lines import objects
from benchmarks.named import prototypes, without_names
from labeller.learning.measured_on import machine
from modelsvc.evaluation.evaluate import macro_f1
from modelsvc.heads.folds import stratified_folds
from modelsvc.heads.prototypes import Prototypes, texts_of
from modelsvc.heads.quick import cross_fit, decide, fit_head, predict_proba
from modelsvc.querying.strategies import Pool, rank
from modelsvc.types import Embeddings, Head, Targets

DEMO = Path(__file__).parent.parent / "demo"
COUNTS = (60, 120, 240)
RANKED_EVERY = 5


@dataclass(frozen=True)
class Corpus:
    texts: list[str]
    X: Embeddings
    Y: Targets
    names: list[str]
    called: Prototypes | None = None  # the labels' names and descriptions, where they teach


@dataclass
class Answered:
    """One simulated annotator: rows answered, in order, and which of them came from the audit stream."""

    rows: list[int] = field(default_factory=list)
    audit: list[int] = field(default_factory=list)


def load(*, asks_names: bool) -> Corpus:
    """The demo corpus and what its labels are called, encoded with the bundled encoder."""
    from modelsvc.encoding.encoder import BUNDLED, Encoder, resolve

    texts = {row["id"]: row["text"] for row in lines("terms.jsonl")}
    gold = {row["id"]: row["label"] for row in lines("terms.gold.jsonl")}
    names = sorted(set(gold.values()))
    Y = np.eye(len(names), dtype=np.uint8)[[names.index(gold[key]) for key in texts]]
    encoder = Encoder.load(resolve(BUNDLED))
    described = {
        label["name"]: label["description"] for label in json.loads((DEMO / "project.json").read_text())["labels"]
    }
    called = prototypes([texts_of(name, described[name]) for name in names] if asks_names else [], encoder.encode)
    return Corpus(list(texts.values()), encoder.encode(list(texts.values())), Y, names, called)


def lines(name: str) -> list[dict[str, Any]]:
    return objects(DEMO / name)


def audit_quota(answered: int) -> int:
    """Audit texts due by then: every third until 40, every fifth until 100, every tenth after."""
    due = min(answered // 3, 40)
    if due == 40:
        due = min(40 + (answered - 120) // 5, 100)
    if due == 100:
        due = 100 + (answered - 420) // 10
    return due


def play(
    corpus: Corpus, pool: NDArray[np.int64], counts: tuple[int, ...], *, strategy: str, seed: int
) -> list[Answered]:
    """Answer texts of the pool as the product serves them; the state at each of `counts`."""
    shuffled = np.random.default_rng(seed).permutation(pool)
    threshold = max(0.2, min(0.5, 150 / len(pool)))  # the share of the pool kept for the audit
    reserve, free = (part.tolist() for part in np.split(shuffled, [round(threshold * len(pool))]))
    state, head, states = Answered(), None, []
    queue: list[int] = []
    for answered in range(max(counts)):
        if answered % RANKED_EVERY == 0:
            head = refit(corpus, state, head)
            queue = ranked(corpus, free, state, head, strategy=strategy, seed=seed)
        if (len(state.audit) < audit_quota(answered + 1) and reserve) or not free:
            row = reserve.pop()
            state.audit.append(row)
        else:
            row = queue.pop(0)
            free.remove(row)
        state.rows.append(row)
        if answered + 1 in counts:
            states.append(Answered(list(state.rows), list(state.audit)))
    return states


def refit(corpus: Corpus, state: Answered, warm: Head | None) -> Head | None:
    Y = corpus.Y[state.rows]
    if Y.any(axis=0).sum() < 2:
        return None
    return fit_head(corpus.X[state.rows], Y, multi_label=False, warm=warm, names=corpus.called)


def ranked(
    corpus: Corpus, free: list[int], state: Answered, head: Head | None, *, strategy: str, seed: int
) -> list[int]:
    X = corpus.X[free]
    proba = None if head is None else predict_proba(head, X)
    pool = Pool(X, proba, corpus.X[state.rows], corpus.Y[state.rows], False, corpus.names)
    best = rank(pool, min(len(free), 2 * RANKED_EVERY), strategy=strategy, seed=seed + len(state.rows))
    return [free[i] for i in best.rows]


def score(corpus: Corpus, state: Answered, held: NDArray[np.int64], *, seed: int, full: bool) -> dict[str, float]:
    """Macro-F1 of each learner taught on the state's labels."""
    rows = np.array(state.rows)
    X, Y, truth = corpus.X[rows], corpus.Y[rows], corpus.Y[held]
    head = fit_head(X, Y, multi_label=False, names=corpus.called)
    _, crossed = cross_fit(X, Y, multi_label=False, seed=seed, names=corpus.called)
    is_audit = np.isin(rows, state.audit)
    figures = {
        "quick_held_back": macro_f1(truth, decide(head, predict_proba(head, corpus.X[held]))),
        "quick_audit": macro_f1(Y[is_audit], crossed[is_audit]),
        "audit_texts": float(is_audit.sum()),
        "tfidf_held_back": macro_f1(truth, tfidf(corpus, rows, held)),
    }
    if full:
        figures["full_held_back"] = macro_f1(truth, full_model(corpus, rows, is_audit, held, seed=seed))
    return figures


def tfidf(corpus: Corpus, rows: NDArray[np.int64], held: NDArray[np.int64]) -> Targets:
    """The rival: words and pairs of words, logistic regression, balanced."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        LogisticRegression(C=10, class_weight="balanced", max_iter=1000),
    )
    model.fit([corpus.texts[i] for i in rows], corpus.Y[rows].argmax(axis=1))
    answers: Targets = np.eye(len(corpus.names), dtype=np.uint8)[model.predict([corpus.texts[i] for i in held])]
    return answers


def full_model(
    corpus: Corpus, rows: NDArray[np.int64], is_audit: NDArray[np.bool_], held: NDArray[np.int64], *, seed: int
) -> Targets:
    """As the product does: the encoder is tuned without audit texts, its head is fitted on all. Without the labels'
    names, which teach a tuned encoder only where the audit says so."""
    from modelsvc.encoding.encoder import BUNDLED, resolve
    from modelsvc.tuning.finetune import FineTuneConfig, fine_tune

    taught = rows[~is_audit]
    tuned = fine_tune(
        resolve(BUNDLED), [corpus.texts[i] for i in taught], corpus.Y[taught], multi_label=False,
        config=FineTuneConfig(seed=seed),
    )  # fmt: skip
    head = fit_head(tuned.encoder.encode([corpus.texts[i] for i in rows]), corpus.Y[rows], multi_label=False)
    return decide(head, predict_proba(head, tuned.encoder.encode([corpus.texts[i] for i in held])))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--full", action="store_true", help="fine-tune the encoder as well: minutes")
    parser.add_argument("--json", type=Path)
    without_names(parser)
    asked = parser.parse_args()
    corpus = load(asks_names=not asked.without_names)
    runs: list[dict[str, Any]] = []
    for seed in range(asked.seeds):
        third = stratified_folds(corpus.Y, folds=3, seed=seed)
        held, pool = np.flatnonzero(third == 0), np.flatnonzero(third != 0)
        for strategy in ("default", "random"):
            states = play(corpus, pool, COUNTS, strategy=strategy, seed=seed)
            for count, state in zip(COUNTS, states, strict=True):
                figures = score(corpus, state, held, seed=seed, full=asked.full)
                runs.append({"seed": seed, "order": strategy, "labels": count, **figures})
    head = {"benchmark": "demo", "machine": machine(), "names": not asked.without_names}
    result = head | {"runs": runs, "summary": summary(runs)}
    text = json.dumps(result, indent=1)
    if asked.json:
        asked.json.write_text(text)
    print(text)


def summary(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Median, least and most over seeds, for each order and label count."""
    rows = []
    for order, count in sorted({(run["order"], run["labels"]) for run in runs}):
        mine = [run for run in runs if (run["order"], run["labels"]) == (order, count)]
        figures = {
            key: {"median": round(median(v), 3), "least": round(min(v), 3), "most": round(max(v), 3)}
            for key in mine[0]
            if key not in ("seed", "order", "labels")
            for v in [[run[key] for run in mine]]
        }
        rows.append({"order": order, "labels": count, **figures})
    return rows


if __name__ == "__main__":
    main()
