"""The model card: what the model is, how good it is and how that is known, how to use it, where it stops."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

ENOUGH_TEXTS = 30  # drawn at random, below which no figure is told; both as on the pages
ENOUGH_SUPPORT = 5  # of one label


def model_card(
    project_name: str,
    label_names: Sequence[str],
    *,
    multi_label: bool,
    reads_words: bool,
    card: Mapping[str, Any],
    versions: Mapping[str, str],
) -> str:
    """README.md for the bundle: Markdown under Hugging Face's front matter.

    `card` may hold, and leaves out what it does not: "audit" (an AuditReport as a dict), "leaning" ({"accuracy",
    "macro_f1", "labels"}: figures that lean on the pool, the last by column), "test_file" ({"name", "n", "metrics"}),
    "scored_how" (a sentence), "n_labels", "label_counts" ({name: texts}), "encoder" (name), "head" (its kind), "seed",
    "number" (the model's), "created" (a date), "descriptions" ({name: text}), "calibrated_on" (a key of `_CALIBRATED`).
    """
    parts = [
        _front_matter(card),
        f"# {project_name}\n\n{_what(label_names, multi_label, card)}",
        _labels(label_names, card),
        _audit(label_names, card),
        *([_test_file(card)] if card.get("test_file") else []),
        _training(card, versions),
        _USE,
        _limits(multi_label, reads_words, str(card.get("calibrated_on", "labelled"))),
    ]
    return "\n\n".join(parts) + "\n"


def _front_matter(card: Mapping[str, Any]) -> str:
    lines = ["license: unknown  # ask the owner of the labels before you share this model"]
    lines += [
        "library_name: transformers",
        "pipeline_tag: text-classification",
        "tags: [text-classification, labeller]",
    ]
    encoder = str(card.get("encoder", ""))
    if encoder.count("/") == 1 and not encoder.startswith((".", "/", "~")):
        lines.append(f"base_model: {json.dumps(encoder)}")
    return "---\n" + "\n".join(lines) + "\n---"


def _what(names: Sequence[str], multi_label: bool, card: Mapping[str, Any]) -> str:
    kind = "any number of" if multi_label else "exactly one of"
    number = f" It is model {card['number']} of its project." if "number" in card else ""
    return f"Gives a text {kind} {len(names)} labels. People chose and labelled the texts it learnt from.{number}"


def _labels(names: Sequence[str], card: Mapping[str, Any]) -> str:
    counts, told = card.get("label_counts", {}), card.get("descriptions", {})
    rows = [(name, counts.get(name, ""), told.get(name, "")) for name in names]
    return "## Labels\n\n" + _table(("Label", "Texts learnt from", "Meaning"), rows)


_LEANING = (
    "Where there are two, the first leads: what the model says of the whole pool, corrected by the audit texts"
    " (prediction-powered inference). The audit texts alone come out too low where the other texts were chosen away"
    " from them."
)


def _test_file(card: Mapping[str, Any]) -> str:
    test = card["test_file"]
    measured = test["metrics"]
    names = (("Accuracy", "accuracy"), ("Macro-F1", "macro_f1"), ("Micro-F1", "micro_f1"))
    rows = [(name, *_interval(measured[key])) for name, key in names]
    head = f"### On a test file\n\n{test['n']} texts of {test['name']}, of which no model has learnt.\n\n"
    return head + _table(("Measure", "Value", "95 % interval"), rows)


def _audit(names: Sequence[str], card: Mapping[str, Any]) -> str:
    audit = card.get("audit") or {}
    if not audit:
        return "## How good it is\n\nNot measured: it has no audit texts yet. Measure it before you rely on it."
    if audit["n"] < ENOUGH_TEXTS:
        return (
            f"## How good it is\n\nAudit texts: {audit['n']}. Fewer than {ENOUGH_TEXTS} say too little for any figure."
            " Measure it before you rely on it."
        )
    leaning = card.get("leaning") or {}
    rows = []
    for name, key in (("Accuracy", "accuracy"), ("Macro-F1", "macro_f1"), ("Micro-F1", "micro_f1")):
        if leaning.get(key):
            rows.append((name, *_interval(leaning[key])))
        rows.append((f"{name}, audit texts alone" if leaning.get(key) else name, *_interval(audit[key])))
    how = (
        card.get("scored_how") or "The texts were drawn at random and scored by a model that had not learnt from them."
    )
    text = f"## How good it is\n\nOn {audit['n']} texts drawn at random from the pool. {how}\n\n"
    text += _table(("Measure", "Value", "95 % interval"), rows)
    if leaning:
        text += "\n\n" + _LEANING
    per_label = [row for row in audit.get("per_label", []) if 0 <= row["label"] < len(names)]
    if leaning.get("labels"):
        per_label = [row | leaning["labels"][row["label"]] for row in per_label]
    if per_label:
        found = [(names[row["label"]], row["support"], *_precision_and_recall(row)) for row in per_label]
        text += "\n\n" + _table(("Label", "Audit texts", "Precision", "Recall"), found)
    return text


def _precision_and_recall(row: Mapping[str, Any]) -> tuple[str, str]:
    if row["support"] < ENOUGH_SUPPORT:
        return f"too few ({row['support']})", ""
    return _share(row["precision"]), _share(row["recall"])


def _training(card: Mapping[str, Any], versions: Mapping[str, str]) -> str:
    facts = [
        ("Labelled texts", card.get("n_labels")),
        ("Head", card.get("head")),
        ("Encoder it was tuned from", card.get("encoder")),
        ("Seed", card.get("seed")),
        ("Made on", card.get("created")),
        ("Versions", ", ".join(f"{package} {number}" for package, number in versions.items())),
    ]
    return "## How it was made\n\n" + "\n".join(f"- {name}: {fact}" for name, fact in facts if fact not in (None, ""))


_USE = """## How to use it

```
pip install -r requirements.txt
python predict.py "A text to classify"
python predict.py < texts.txt
python predict.py --csv texts.csv --column text
```

```python
from predict import load

classifier = load()
for prediction in classifier.predict(["A text to classify"]):
    print(prediction.labels, prediction.probability)
```

One JSON object comes out for each row that goes in, in their order, with its number in `row`: the first text is row 1,
so answers can be joined to a table again. A blank line or an empty cell is a row too, and gets no labels.

On a machine without a GPU the small build of torch is enough; PyTorch's own "Get started" page names its index.
The folder also loads as embeddings with `SentenceTransformer(folder)`; the labels come from `predict.py` alone."""


# By what they were made honest, and what that leaves open: with one label a text, and with several.
_CALIBRATED = {
    "audit": ("calibrated on audit texts, drawn at random",) * 2,
    "labelled": (
        "calibrated on labelled texts, which may have been asked because they are hard: right answers may be more"
        " frequent than stated",
        "calibrated on labelled texts, which may have been chosen: on texts as they come they may be off",
    ),
    "pool": ("not calibrated on labelled texts: the unlabelled ones that taught its encoder too keep it honest",) * 2,
    "nothing": ("not calibrated: too few labelled texts were left of which its encoder had not learnt",) * 2,
}


def _limits(multi_label: bool, reads_words: bool, calibrated_on: str) -> str:
    rest = "of the rest only single words count" if reads_words else "the rest is not seen"
    probability = ("each label's own, " if multi_label else "") + _CALIBRATED[calibrated_on][multi_label]
    return (
        "## Where it stops\n\n"
        "- It knows the kind of text it was taught on. On other sources, languages or times, measure it again.\n"
        f"- Long texts are read up to the limit in `labeller.json` (`max_tokens`); {rest}.\n"
        f"- Probabilities are {probability}. Few labels make rough probabilities.\n"
        "- A label with few texts in the tables above is hardly measured. Nothing here is a legal or medical judgement."
    )


def _interval(interval: Mapping[str, float] | float) -> tuple[str, str]:
    if isinstance(interval, float):  # micro-F1 had no interval at first
        return f"{interval:.3f}", ""
    return f"{interval['value']:.3f}", f"{interval['low']:.3f} to {interval['high']:.3f}"


def _share(interval: Mapping[str, float] | None) -> str:
    return "" if interval is None else "{} ({})".format(*_interval(interval))


def _table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def _cell(value: object) -> str:
    """Text that stays one cell: a label's name may hold anything."""
    return " ".join(str(value).replace("|", "\\|").split())
