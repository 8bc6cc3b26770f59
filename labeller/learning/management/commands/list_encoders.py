"""python manage.py list_encoders [--json]: whether each encoder of LABELLER_ENCODERS can be read, and how."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from labeller.learning.bridges.encoders import EncoderFacts, listed_encoders


class Command(BaseCommand):
    help = (
        "Open every encoder of the owner's list once: architecture, width, pooling, longest input, prompt, or why not."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        found = listed_encoders()
        if options["json"]:
            self.stdout.write(json.dumps({"encoders": [facts.to_dict() for facts in found]}))
        else:
            for facts in found:
                self.stdout.write(_line(facts))
        broken = [facts.key for facts in found if facts.problem]
        if broken:
            which = " and ".join(broken) if len(broken) < 3 else f"{len(broken)} encoders"
            raise CommandError(f"{which} cannot be read. Mend or remove them in LABELLER_ENCODERS.", returncode=2)


def _line(facts: EncoderFacts) -> str:
    if facts.problem:
        return f"{facts.key}: {facts.problem}"
    prompt = f", “{facts.prompt}” before every text" if facts.prompt else ""
    return (
        f"{facts.key}: {facts.kind}, {facts.parameters / 1e6:.1f} million parameters, width {facts.width}, "
        f"{facts.pooling} pooling, {facts.max_tokens} tokens{prompt}"
    )
