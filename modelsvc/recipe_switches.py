"""The recipe by its switches: JSON as an owner or a benchmark writes it, checked before anything is trained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, get_args, get_type_hints

from modelsvc.adapt_config import AdaptConfig
from modelsvc.recipe_config import RecipeConfig

NOT_IN_A_RECIPE = {
    "seed": "it is the project's",
    "concat": "an encoder that reads so cannot be kept",
    "windows": "the pool is read to the encoder's length",
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
        if isinstance(value, list | tuple) and value and all(type(part) is int and part > 0 for part in value):
            return tuple(value)
        raise UnknownSwitch(f"The switch '{where}' wants a list of whole numbers above 0, not {value!r}.")
    if kind.words:
        if value in kind.words:
            return value
        raise UnknownSwitch(f"The switch '{where}' wants one of {', '.join(kind.words)}, not {value!r}.")
    if type(value) in kind.types or (type(value) is int and float in kind.types):
        least = 1 if kind.types[0] is int else 0
        if type(value) in (int, float) and not least <= value < float("inf"):
            raise UnknownSwitch(f"The switch '{where}' wants a number of {least} or more, not {value!r}.")
        return value
    wanted = " or ".join("null" if one is type(None) else JSON_NAMES[one] for one in kind.types)
    raise UnknownSwitch(f"The switch '{where}' wants {wanted}, not {value!r}.")


JSON_NAMES = {bool: "true or false", int: "a whole number", float: "a number", str: "a word"}
