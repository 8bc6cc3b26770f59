"""What halves of the labels said of a tuned encoder (halves.py), as a stage's card keeps it. Read without torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modelsvc.evaluation.paired import WORSE
from modelsvc.heads.sureness import NOTHING_KNOWN, Sureness

Facts = Mapping[str, float | str]

P = "halves_p"
FACTS = ("halves_right", "halves_right_frozen", P)  # with one label a text
RANKED = ("halves_precision", "halves_precision_frozen", P)  # and with several
TEMPERATURE = "halves_temperature"
TUNED_SHARE = "halves_tuned_share"  # of the tuned encoder in what is said of the pool (second_opinion.py)
PSEUDO = "pseudo_labels"  # of a stage that learnt from the pool: how many of its texts taught
LABELS = "halves_labels"  # how many were asked
SHARE = "expected_embedding_share"  # of the logit, where heads read words; also where no halves were asked
WORSE_ORDER = 0.01  # p of an order below which it counts: half of a few examples misses so many that at .2 it refused
# encoders which were 2 points ahead on the whole (programs by what they work with, benchmarks.halves_several)
ALL_FACTS = tuple(dict.fromkeys((*FACTS, *RANKED, LABELS, TEMPERATURE, TUNED_SHARE, SHARE)))


def facts_among(settings: Mapping[str, Any]) -> dict[str, float | str]:
    """Those that a stored model's settings hold, by which its run can be gone on with or repeated."""
    return {name: settings[name] for name in ALL_FACTS if name in settings}


def sureness_in(facts: Facts) -> Sureness:
    """What they say a head over it may take for granted. The temperature only of an encoder that learnt from the labels
    alone: what the halves say of it is too low for one that thousands of the pool's texts taught as well, and hard ones
    were asked of them. Such a head is as sure as it should be by itself (benchmarks/LOG.md, 2026-11-27)."""
    alone = PSEUDO not in facts
    return Sureness(
        float(facts.get(TEMPERATURE, NOTHING_KNOWN.temperature)) if alone else NOTHING_KNOWN.temperature,
        float(facts.get(SHARE, NOTHING_KNOWN.share)),
    )


def speak_against(facts: Facts) -> bool:
    """Whether the labels at hand, where they were asked, say that the tuned encoder is worse. Each half misses the
    other's labels, a tuned encoder the more, so it need not be ahead; but it must not be seen behind, as with an audit.
    """
    return float(facts.get(P, 1.0)) < (WORSE_ORDER if RANKED[0] in facts else WORSE)
