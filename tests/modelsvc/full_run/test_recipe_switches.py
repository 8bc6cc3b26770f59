"""An owner throws a switch of the recipe; what cannot be thrown is named."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import pytest

from modelsvc.full_run.recipe_config import RecipeConfig
from modelsvc.full_run.recipe_switches import NOT_IN_A_RECIPE, UnknownSwitch, recipe_with
from modelsvc.tuning.adapt_config import AdaptConfig


def test_no_switch_is_the_default() -> None:
    assert recipe_with({}) == RecipeConfig()


def test_a_switch_changes_its_part_and_nothing_else() -> None:
    found = recipe_with({"pseudo": [800], "fine_tuning": {"unfreeze": 0.5, "epochs": None}, "pairs": {"steps": 20}})
    default = RecipeConfig()
    assert found.pseudo == (800,) and found.fine_tuning.unfreeze == 0.5 and found.pairs.steps == 20
    assert found.fine_tuning.lr == default.fine_tuning.lr and found.pairs.batch == default.pairs.batch
    assert found.adapt is None and found.least_right == default.least_right


def test_the_adaptation_comes_with_its_defaults() -> None:
    assert recipe_with({"adapt": {}}).adapt == AdaptConfig()
    assert recipe_with({"adapt": {"method": "masked words"}}).adapt == AdaptConfig(method="masked words")
    assert recipe_with({"adapt": None}).adapt is None


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"teachers": "plain"}, "no switch 'teachers'; here are: teacher, use_pool,"),
        ({"fine_tuning": {"layerdecay": 1}}, "no switch 'fine_tuning.layerdecay'; here are: lr,"),
        ({"teacher": "best"}, "'teacher' wants one of auto, contrastive, plain, not 'best'"),
        ({"pseudo": 2000}, "'pseudo' wants a list of whole numbers from 1 to 100000, not 2000"),
        ({"pseudo": [0]}, "'pseudo' wants a list of whole numbers from 1 to 100000"),
        ({"pseudo": []}, "'pseudo' wants a list of whole numbers from 1 to 100000"),
        ({"least_right": "0.6"}, "'least_right' wants a number, not '0.6'"),
        ({"least_right": -0.1}, "'least_right' wants a number from 0 to 1, not -0.1"),
        ({"least_right": float("nan")}, "'least_right' wants a number from 0 to 1"),
        ({"fine_tuning": {"batch": 0}}, "'fine_tuning.batch' wants a number from 1 to 1024, not 0"),
        ({"fine_tuning": {"batch": 16.5}}, "'fine_tuning.batch' wants a whole number, not 16.5"),
        ({"fine_tuning": {"dropout": 1}}, "'fine_tuning.dropout' wants true or false, not 1"),
        ({"fine_tuning": {"epochs": "2"}}, "'fine_tuning.epochs' wants a number or null, not '2'"),
        ({"fine_tuning": None}, "'fine_tuning' wants an object of switches, not None"),
        ({"adapt": True}, "'adapt' wants an object of switches, not True"),
        ({"pseudo": [10**9]}, "'pseudo' wants a list of whole numbers from 1 to 100000, not [1000000000]"),
        ({"epochs": 0}, "'epochs' wants a number from 0.1 to 100, not 0"),
        ({"share_of_pool": 5}, "'share_of_pool' wants a number from 0.01 to 1, not 5"),
        ({"least_right": 60}, "'least_right' wants a number from 0 to 1, not 60"),
        ({"label_smoothing": 3}, "'label_smoothing' wants a number from 0 to 0.9"),
        ({"most_tokens": 1}, "'most_tokens' wants a number from 1000 to"),
        ({"fine_tuning": {"lr": 100}}, "'fine_tuning.lr' wants a number from 1e-07 to 0.1, not 100"),
        ({"fine_tuning": {"lr": 0}}, "'fine_tuning.lr' wants a number from 1e-07 to 0.1, not 0"),
        ({"fine_tuning": {"max_seconds": 0}}, "'fine_tuning.max_seconds' wants a number from 1 to 86400"),
        ({"pairs": {"batch": 1}}, "'pairs.batch' wants a number from 2 to 1024, not 1"),
        ({"pairs": {"steps": 10**9}}, "'pairs.steps' wants a number from 1 to 100000"),
        ({"adapt": {"most_tokens": 1000}}, "'adapt.most_tokens' wants a number from 8 to 512"),
        ({"adapt": {"temperature": 0}}, "'adapt.temperature' wants a number from 0.001 to 10"),
        ({"adapt": {"method": "tsdae"}}, "'adapt.method' wants one of simcse, masked words"),
        ({"pairs": {"seed": 3}}, "'pairs.seed' has no place in a recipe: it is the project's"),
        ({"fine_tuning": {"concat": True}}, "'fine_tuning.concat' has no place in a recipe"),
        ({"fine_tuning": {"windows": 2}}, "'fine_tuning.windows' has no place in a recipe"),
    ],
)
def test_what_cannot_be_thrown_is_named(changes: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UnknownSwitch) as refusal:
        recipe_with(changes)
    assert sentence in str(refusal.value)


def test_every_number_of_a_recipe_has_a_range_and_its_default_lies_in_it() -> None:
    whole = replace(RecipeConfig(), adapt=AdaptConfig())
    default = asdict(whole)
    for part in ("pairs", "fine_tuning", "adapt"):
        default[part] = {name: value for name, value in default[part].items() if name not in NOT_IN_A_RECIPE}
    assert recipe_with(default) == whole
