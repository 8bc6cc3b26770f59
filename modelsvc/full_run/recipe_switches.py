"""The recipe by its switches: JSON as an owner or a benchmark writes it, checked before anything is trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, get_args, get_type_hints

from modelsvc.full_run.recipe_config import RecipeConfig
from modelsvc.tuning.adapt_config import AdaptConfig

NOT_IN_A_RECIPE = {
    "seed": "it is the project's",
    "concat": "an encoder that reads so cannot be kept",
    "windows": "the pool is read to the encoder's length",
}
# What a number may be, both ends included; by its place in the JSON where its name is in several parts with other ends.
# Wide: an ablation may be foolish, but what lies outside cannot train, ends in NaN, or would never be done.
RANGES: dict[str, tuple[float, float]] = {
    "pseudo": (1, 100_000),
    "candidates": (200, 1_000_000),
    "epochs": (0.1, 100),
    "label_smoothing": (0, 0.9),
    "most_tokens": (1_000, 100_000_000),
    "least_right": (0, 1),
    "share_of_pool": (0.01, 1),  # for none at all there is use_pool
    "lr": (1e-7, 0.1),
    "head_lr": (1e-7, 1),
    "head_start": (0, 10),
    "layer_decay": (0.1, 1),
    "warmup": (0, 1),
    "unfreeze": (0, 1),
    "weight_decay": (0, 1),
    "clip": (0.01, 1_000),
    "batch": (2, 1_024),  # one text makes no pair, and has no others to be told from
    "fine_tuning.batch": (1, 1_024),
    "steps": (1, 100_000),
    "temperature": (0.001, 10),
    "masked": (0.01, 0.9),
    "adapt.most_tokens": (8, 512),
    "piece_tokens": (64, 65_536),
    "max_seconds": (1, 86_400),
}


class UnknownSwitch(ValueError):
    """A switch that is not there, or a value it cannot have. The sentence names it."""


def recipe_with(changes: Mapping[str, Any]) -> RecipeConfig:
    """The default recipe with `changes`: {"pseudo": [800, 2000], "fine_tuning": {"unfreeze": 0.5}, "adapt": {}}.

    Parts that are left out stay; "adapt" adapts the encoder to the pool first, {} as `AdaptConfig` says.
    Raises UnknownSwitch.
    """
    found: RecipeConfig = _changed(RecipeConfig(), changes, "")
    return found


def _changed(config: Any, changes: Mapping[str, Any], place: str) -> Any:
    """The dataclass with these fields changed; `place` is where in the JSON, for the sentence."""
    kinds = get_type_hints(type(config))
    values = {}
    for name, value in changes.items():
        where = f"{place}{name}"
        if name not in kinds:
            raise UnknownSwitch(f"There is no switch '{where}'; here are: {', '.join(_names(config))}.")
        if place and name in NOT_IN_A_RECIPE:
            raise UnknownSwitch(f"The switch '{where}' has no place in a recipe: {NOT_IN_A_RECIPE[name]}.")
        now = AdaptConfig() if name == "adapt" else getattr(config, name)
        if is_dataclass(now):
            if value is None and name == "adapt":
                continue
            if not isinstance(value, Mapping):
                raise UnknownSwitch(f"The switch '{where}' wants an object of switches, not {value!r}.")
            values[name] = _changed(now, value, f"{where}.")
        else:
            values[name] = _value(value, _Kind.of(kinds[name]), where)
    return replace(config, **values)


def _names(config: Any) -> list[str]:
    return [field.name for field in fields(config) if field.name not in NOT_IN_A_RECIPE]


@dataclass(frozen=True)
class _Kind:
    """What a field may hold."""

    types: tuple[type, ...]
    words: tuple[str, ...]  # of a choice; empty where there is none

    @classmethod
    def of(cls, hint: Any) -> _Kind:
        """From the annotation: float, int | None, Literal[...], tuple[int, ...]."""
        parts = get_args(hint)
        if hint in (bool, int, float, str):
            return cls((hint,), ())
        if parts and all(isinstance(part, str) for part in parts):
            return cls((str,), parts)
        if getattr(hint, "__origin__", None) is tuple:
            return cls((tuple,), ())
        return cls(tuple(parts), ())  # a union, of which None is one


def _value(value: Any, kind: _Kind, where: str) -> Any:
    if kind.types == (tuple,):
        least, most = _range(where)
        if isinstance(value, list | tuple) and value and all(type(n) is int and least <= n <= most for n in value):
            return tuple(value)
        raise UnknownSwitch(
            f"The switch '{where}' wants a list of whole numbers from {least} to {most}, not {value!r}."
        )
    if kind.words:
        if value in kind.words:
            return value
        raise UnknownSwitch(f"The switch '{where}' wants one of {', '.join(kind.words)}, not {value!r}.")
    if type(value) in kind.types or (type(value) is int and float in kind.types):
        if type(value) in (int, float):
            least, most = _range(where)
            if not least <= value <= most:
                raise UnknownSwitch(f"The switch '{where}' wants a number from {least} to {most}, not {value!r}.")
        return value
    wanted = " or ".join("null" if one is type(None) else JSON_NAMES[one] for one in kind.types)
    raise UnknownSwitch(f"The switch '{where}' wants {wanted}, not {value!r}.")


def _range(where: str) -> tuple[float, float]:
    return RANGES.get(where) or RANGES[where.rpartition(".")[2]]


JSON_NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "a word"}
