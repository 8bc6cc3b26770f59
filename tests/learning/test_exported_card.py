"""What the card of a model that is taken away says of its probabilities."""

from __future__ import annotations

import pytest

from labeller.learning.bridges.export import calibrated_on
from labeller.learning.models import ModelVersion

ASKED_HALVES: dict[str, float] = {"halves_temperature": 0.8}


@pytest.mark.parametrize(
    ("kind", "n_audit", "facts", "texts"),
    [
        ("quick", 40, {}, "labelled"),  # all of them, those of the audit among the others
        ("full", 40, {}, "audit"),
        ("full", 40, ASKED_HALVES, "audit"),
        ("full", 0, ASKED_HALVES, "labelled"),
        ("full", 9, {}, "nothing"),
        ("full", 9, ASKED_HALVES | {"pseudo_labels": 2000}, "pool"),
    ],
)
def test_it_names_the_texts_that_made_them_honest(kind: str, n_audit: int, facts: dict[str, float], texts: str) -> None:
    assert calibrated_on(ModelVersion(kind=kind, n_audit=n_audit, settings=facts)) == texts


def test_a_quick_model_over_a_tuned_encoder_is_as_the_full_one_below_it() -> None:
    tuned = ModelVersion(kind="full", n_audit=0, settings=ASKED_HALVES)
    assert calibrated_on(ModelVersion(kind="quick", n_audit=0, base=tuned)) == "labelled"
    assert calibrated_on(ModelVersion(kind="quick", n_audit=12, base=tuned)) == "audit"
