"""python manage.py reproduce_version PROJECT NUMBER [--within D] [--json]: make a model again and compare."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from labeller.learning.models import ModelVersion
from labeller.projects.models import Project

if TYPE_CHECKING:
    from labeller.learning.bridges.reproduce import Reproduced

WITHIN = 1e-4  # of a probability, on the same machine with as many threads


def _compared(found: Reproduced) -> str:
    """On which texts."""
    audit = f"{found.texts} audit texts, by heads that had not seen them"
    taught = f"the {found.labelled} texts that taught it"
    return audit if found.head_difference is None else f"{audit}, and {taught}" if found.texts else taught


class Command(BaseCommand):
    help = "Train a stored model again from its record, and tell how far its probabilities on labelled texts differ."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="the project's short name, as in its address")
        parser.add_argument("number", type=int, help="of the model")
        parser.add_argument("--within", type=float, default=WITHIN, help="largest difference allowed (0.0001)")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        version = self._version(options["project"], options["number"])
        # Imported here: this loads torch, which bad input should not have to wait for.
        from labeller.learning.bridges.reproduce import NotReproducible, reproduce

        try:
            found = reproduce(version)
        except NotReproducible as missing:
            raise CommandError(f"{version} cannot be made again. {missing}", returncode=2) from None
        if found.head_difference is None and not found.texts:
            raise CommandError(
                f"{version} was made again, but there is nothing to compare it with: its files are gone, and it was"
                " scored on no audit text.",
                returncode=2,
            )
        worst = max(found.largest_difference, found.head_difference or 0.0)
        told = found.to_dict() | {"within": options["within"], "reproduced": worst <= options["within"]}
        self.stdout.write(
            json.dumps(told)
            if options["json"]
            else f"{version} made again in {found.seconds:.0f} s. Its probabilities differ by {worst:.1e} at most"
            f" ({_compared(found)}); {found.answers_changed} answers to audit texts changed. {found.otherwise}".rstrip()
        )
        if not told["reproduced"]:
            raise CommandError(f"The difference {worst:.1e} is larger than {options['within']:.1e}.", returncode=1)

    def _version(self, slug: str, number: int) -> ModelVersion:
        versions = ModelVersion.objects.select_related("project", "base").filter(project__slug=slug)
        version = versions.filter(number=number).first()
        if version is not None:
            return version
        if not Project.objects.filter(slug=slug).exists():
            raise CommandError(f"There is no project '{slug}'.", returncode=2)
        known = ", ".join(map(str, versions.values_list("number", flat=True)[:20])) or "none yet"
        raise CommandError(f"'{slug}' has no model {number}; its models: {known}.", returncode=2)
