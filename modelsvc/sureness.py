"""What a head over a tuned encoder takes for granted where no labelled text can tell: the encoder has seen them all."""

from __future__ import annotations

from dataclasses import dataclass

EMBEDDING_SHARE = 0.3  # of the logit, beside words, unless labelled texts speak clearly for another one


@dataclass(frozen=True)
class Sureness:
    """What was found when the encoder was tuned (halves.py), or, as here, nothing. With one label a text logits are
    divided by `temperature`. With several `offset` is added to each after that, and where words are read too, the
    embedding has `share` of the sum."""

    temperature: float = 1.0
    offset: float = 0.0
    share: float = EMBEDDING_SHARE

    @property
    def near(self) -> tuple[float, float]:
        """The scale and offset of logits, from which those of each label are found (per_label.py)."""
        return 1 / self.temperature, self.offset


NOTHING_KNOWN = Sureness()
