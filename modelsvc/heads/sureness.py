"""What a head over a tuned encoder takes for granted where no labelled text can tell: the encoder has seen them all."""

from __future__ import annotations

from dataclasses import dataclass

EMBEDDING_SHARE = 0.3  # of the logit, beside words, unless labelled texts speak clearly for another one


@dataclass(frozen=True)
class Sureness:
    """What was found when the encoder was tuned (halves.py), or, as here, nothing. With one label a text logits are
    divided by `temperature`. With several, where words are read too, the embedding has `share` of the sum."""

    temperature: float = 1.0
    share: float = EMBEDDING_SHARE


NOTHING_KNOWN = Sureness()
