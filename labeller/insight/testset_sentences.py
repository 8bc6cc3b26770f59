"""What the test file says of the model in use, in words. Pure."""

from __future__ import annotations

from labeller.insight.measured_on import Ground
from labeller.insight.selectors import ENOUGH_AUDIT, Standing
from labeller.insight.sentences import Headline, counted, figures_of, headline


def headline_on(standing: Standing, ground: Ground) -> Headline:
    """What the page says first, whichever texts its figures stand on."""
    test_set, current = ground.test_set, standing.current
    if test_set is None:
        return headline(standing)
    if current is None:
        return Headline(
            "The test file is ready, and there is no model to measure yet.",
            f"It has {counted(test_set.n_texts, 'text')}. A model is made as soon as a worker runs and two labels of "
            "two kinds are given.",
            False,
        )
    if not current.n_audit:
        return Headline(
            f"Model {current.number} has not been measured on the test file yet.",
            "That is done in the background, and this page follows. What waits is told on the page of the test file.",
            False,
        )
    found = figures_of(current, is_multi=standing.is_multi, place=ground.place)
    if found is not None:
        return found
    return Headline(
        "The test file is too small to measure a model.",
        f"It has {counted(current.n_audit, 'text')}, and fewer than {ENOUGH_AUDIT} say too little. Replace it by a "
        "larger one.",
        False,
    )
