"""What an encoder's own files say of how it wants to be read: sentence-transformers' layout, where it is there.

A plain Hugging Face folder says nothing: mean pooling, no prompt, the longest input its model and tokenizer allow.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from modelsvc.encoding.encoder_files import EncoderError, read_json, write_json

Pooling = Literal["cls", "mean", "max"]

_POOLING_KEYS: dict[str, Pooling] = {
    "cls_token": "cls",
    "mean_tokens": "mean",
    "max_tokens": "max",
    "mean_sqrt_len_tokens": "mean",  # the same direction, and every embedding here gets unit length
}
_OTHER_POOLINGS = ("weightedmean_tokens", "lasttoken")
# Stages after the pooling. A dense layer is left out: the head on top is linear too, and can learn one for itself.
_LATER_STAGES = ("Normalize", "Dense", "Dropout")
# The names of prompts, in the order in which they are tried after the encoder's own default.
_PROMPTS_FOR_CLASSIFYING = ("classification", "Classification")
# sentence-transformers' list of stages, so that SentenceTransformer(folder) loads what we save.
_MODULES = [
    {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    {"idx": 2, "name": "2", "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
]


@dataclass(frozen=True)
class Layout:
    """How an encoder wants to be read."""

    transformer: Path  # the folder with config.json, weights and tokenizer
    pooling: Pooling = "mean"
    longest: int | None = None  # tokens, as stated; None: nothing is said
    lower_case: bool = False  # texts are put in lower case first, whatever the tokenizer does
    prompt: str = ""  # goes before every text


def read_layout(folder: Path) -> Layout:
    """The layout of the encoder in `folder`. Raises EncoderError for stages or poolings that are not known here."""
    stages = _stages(folder)
    kinds = [kind for kind, _ in stages]
    if kinds and (kinds[0] != "Transformer" or not set(kinds[2:]) <= set(_LATER_STAGES) or kinds[1:2] != ["Pooling"]):
        raise EncoderError(
            f"{folder} reads texts by {' + '.join(kinds)} (modules.json); Transformer + Pooling is known."
        )
    transformer = stages[0][1] if stages else folder
    stated = read_json(transformer / "sentence_bert_config.json")
    longest = stated.get("max_seq_length")
    return Layout(
        transformer=transformer,
        pooling=_pooling(folder, stages[1][1] if stages else folder / "1_Pooling"),
        longest=int(longest) if longest else None,
        lower_case=bool(stated.get("do_lower_case")),
        prompt=_prompt(folder),
    )


def _stages(folder: Path) -> list[tuple[str, Path]]:
    """(kind, folder) of each stage in modules.json; none where there is no such file. Raises EncoderError."""
    if not (folder / "modules.json").exists():
        return []
    try:
        modules = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
        stages = [(str(module["type"]), (folder / module["path"]).resolve()) for module in modules]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EncoderError(f"{folder} has a modules.json that cannot be read: {error}.") from error
    for kind, place in stages:
        if not kind.startswith("sentence_transformers."):
            raise EncoderError(f"{folder} asks to run its own code ({kind} in modules.json): that is never done.")
        if not place.is_relative_to(folder.resolve()):
            raise EncoderError(f"{folder} names a folder outside of itself in modules.json: {place}.")
    return [(kind.rsplit(".", 1)[1], place) for kind, place in stages]


def _pooling(folder: Path, place: Path) -> Pooling:
    config = read_json(place / "config.json")
    chosen: list[Any] = [key for key in (*_POOLING_KEYS, *_OTHER_POOLINGS) if config.get(f"pooling_mode_{key}")]
    named = config.get("pooling_mode", [])  # how sentence-transformers 6 writes it
    for name in [named] if isinstance(named, str) else named:
        chosen.append(next((key for key in _POOLING_KEYS if key in (name, f"{name}_token", f"{name}_tokens")), name))
    if not chosen:
        return "mean"
    if len(chosen) > 1 or chosen[0] not in _POOLING_KEYS:
        raise EncoderError(f"{folder} pools by {' + '.join(map(str, chosen))}; one of cls, mean or max is needed.")
    return _POOLING_KEYS[chosen[0]]


def _prompt(folder: Path) -> str:
    """What the encoder wants before every text: its default prompt, or else the one it has for classifying.

    A prompt for queries alone is not taken: it belongs to one side of a search. Where an encoder's card asks for one
    all the same (e5: "query: "), its owner names it as the default in config_sentence_transformers.json.
    """
    config = read_json(folder / "config_sentence_transformers.json")
    prompts = config.get("prompts") or {}
    for name in (config.get("default_prompt_name"), *_PROMPTS_FOR_CLASSIFYING):
        if name and prompts.get(name):
            return str(prompts[name])
    return ""


def write_layout(folder: Path, *, pooling: Pooling, width: int, max_tokens: int, prompt: str = "") -> None:
    """What sentence-transformers reads beside weights and tokenizer: the stages, the pooling, the longest input."""
    (folder / "1_Pooling").mkdir()
    modes = {
        f"pooling_mode_{mode}_token{'' if mode == 'cls' else 's'}": pooling == mode for mode in ("cls", "mean", "max")
    }
    write_json(folder / "1_Pooling/config.json", {"word_embedding_dimension": width, **modes})
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": max_tokens, "do_lower_case": False})
    write_json(folder / "modules.json", _MODULES)
    if prompt:
        named = {"prompts": {"classification": prompt}, "default_prompt_name": "classification"}
        write_json(folder / "config_sentence_transformers.json", named)
