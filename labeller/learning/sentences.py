"""What an encoder check found, as a manager reads it."""

from __future__ import annotations

from typing import Any

from labeller.learning.models import EncoderCheck


def check_sentence(check: EncoderCheck) -> str:
    """The better encoder with its figures and the paired evidence, or that none is better."""
    result = check.result
    scores: dict[str, dict[str, Any]] = {score["encoder"]: score for score in result["scores"]}
    if not check.proposed:
        return (
            f"Compared on {result['texts']} texts that no model chose: no language model is better than "
            f"{check.current} beyond chance."
        )
    new, old = scores[check.proposed], scores[check.current]
    if result["measure"] == "macro-F1":
        figures = f"a macro-F1 of {new['score']:.2f} with {check.proposed} and {old['score']:.2f} with {check.current}"
    else:
        figures = f"{new['right']} right with {check.proposed} and {old['right']} with {check.current}"
    return (
        f"{check.proposed} suits your labels better: on {result['texts']} texts that no model chose, {figures}. "
        f"{new['only_this']} are right only with {check.proposed}, {new['only_current']} only with {check.current}; "
        f"so large a lead comes by chance in {_odds(new['p'])}."
    )


def _odds(p: float) -> str:
    return f"{p:.1%} of cases" if p >= 0.001 else "fewer than 0.1% of cases"
