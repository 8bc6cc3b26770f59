"""The sentence about labels saved, from what was stored."""

import pytest

from labeller.insight.saving import rough, saving
from labeller.projects.models import Project
from tests.insight.scored import add_comparison

JUDGED = "judged with the untuned language model on 80 audit texts."


def test_before_any_comparison_nothing_is_said() -> None:
    assert saving(None) == ""


@pytest.mark.parametrize(
    ("saved", "words"),
    [
        (
            (40.0, 21.0, 58.0),
            "Choosing texts has saved about 40 labels so far (21 to 60): about 40 labels taught what 80 drawn at "
            f"random teach, {JUDGED}",
        ),
        (
            (12.0, 0.0, 20.0),
            f"No saving from choosing texts is shown so far (0 to 20 labels), {JUDGED}",
        ),
        (
            (-5.0, -33.0, 20.0),
            f"No saving from choosing texts is shown so far (−33 to 20 labels), {JUDGED}",
        ),
        (
            (-5.0, None, 14.0),
            f"No saving from choosing texts is shown so far (at most 14 labels), {JUDGED}",
        ),
        (
            (None, None, -8.0),
            f"No saving from choosing texts is shown so far, {JUDGED}",
        ),
        (
            (None, None, None),
            f"No saving from choosing texts is shown so far, {JUDGED}",
        ),
    ],
)
def test_a_saving_is_claimed_only_when_its_whole_interval_is_one(
    project: Project, saved: tuple[float | None, float | None, float | None], words: str
) -> None:
    comparison = add_comparison(project, n_labels=200, n_random=80, n_audit=80, saved=saved)
    assert saving(comparison).startswith(words)


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (0.4, "0"),
        (7.6, "8"),
        (36.4, "36"),
        (53.0, "55"),
        (183.0, "180"),
        (-12.2, "−12"),
        (1234.0, "1,230"),
        (-0.3, "0"),
    ],
)
def test_a_count_is_told_as_roughly_as_it_is_known(labels: float, words: str) -> None:
    assert rough(labels) == words
