"""The owner's list of encoders, each opened once to see whether it can be read and how it will be."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings

from labeller.learning.bridges.pool import pretrained_folder
from modelsvc.encoding.encoder import Encoder, EncoderError


@dataclass(frozen=True)
class EncoderFacts:
    """One encoder of the list. Without a problem, how it reads texts; with one, only why it cannot."""

    key: str
    source: str
    problem: str = ""
    kind: str = ""  # transformers' name of the architecture
    width: int = 0
    parameters: int = 0
    pooling: str = ""
    max_tokens: int = 0
    prompt: str = ""
    sha256: str = ""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def listed_encoders() -> list[EncoderFacts]:
    return [_facts(key, source) for key, source in settings.ENCODERS.items()]


def _facts(key: str, source: str) -> EncoderFacts:
    try:
        encoder = Encoder.load(pretrained_folder(key))
    except EncoderError as error:
        return EncoderFacts(key, source, problem=str(error))
    return EncoderFacts(
        key,
        source,
        kind=str(encoder.model.config.model_type),
        width=encoder.width,
        parameters=sum(parameter.numel() for parameter in encoder.model.parameters()),
        pooling=encoder.pooling,
        max_tokens=encoder.max_tokens,
        prompt=encoder.prompt,
        sha256=encoder.sha256,
    )
