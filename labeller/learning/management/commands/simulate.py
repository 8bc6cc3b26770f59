"""python manage.py simulate TRAIN.jsonl [--test TEST.jsonl] --labels 32,64,128 [--policy default,random] [--seeds 3]:
a labelled file played through the loop, in a house of its own: the installation's database is not touched."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Literal

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from labeller.learning.checks import CHEAP
from labeller.learning.line_process import ProcessFailed
from labeller.learning.replay.asked import at_least, chosen, read_counts, writable
from labeller.learning.replay.chart import curves_spec, save_png, title_of
from labeller.learning.replay.file import read_material
from labeller.learning.replay.house import folder_for_now
from labeller.learning.replay.lines import ReplayRefused
from labeller.learning.replay.simulation import Simulation, curves, played, table, told


class Command(BaseCommand):
    help = "Play a labelled file through the whole loop, to see how many labels a task like it needs."
    requires_system_checks = (CHEAP,)  # the installation itself is not used

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("train", type=Path, help='JSON Lines with "text" and "label" (or "labels", a list)')
        parser.add_argument("--test", type=Path, help="as TRAIN; without it a third of TRAIN is held back")
        parser.add_argument("--labels", default="32,64,128", help="numbers of labels at which the models are examined")
        parser.add_argument("--policy", default="default", help="query strategies, with commas between them")
        parser.add_argument("--seeds", type=int, default=3, metavar="N", help="plays of each policy")
        parser.add_argument("--full", default="auto", help="full runs: auto (as in use), none, or numbers of --labels")
        parser.add_argument("--without-audit", action="store_true", help="every label may teach")
        parser.add_argument("--png", type=Path, metavar="OUT", help="draw the curves")
        parser.add_argument(
            "--json", nargs="?", const="-", metavar="OUT", help="print one JSON object, or write it to OUT"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        wished = _checked(options)
        quiet = options["json"] == "-"
        with folder_for_now("labeller-simulate-") as folder:
            try:
                plays = list(played(wished, folder, self.stderr.write if quiet else self._say))
            except ProcessFailed as failure:
                raise CommandError(f"The play ended. {failure}", returncode=1) from None
        facts = told(wished, plays)
        if quiet:
            self.stdout.write(json.dumps(facts))
        elif options["json"]:
            Path(options["json"]).write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
        for line in () if quiet else table(wished, plays):
            self.stdout.write(line)
        if options["png"]:  # last: one that cannot be drawn takes no figure along
            title, tested_on = title_of(wished.train, held_back=wished.test is None), len(wished.material.test)
            drawn = curves(plays, wished.figure)
            save_png(curves_spec(drawn, figure=wished.figure, title=title, tested_on=tested_on), options["png"])

    def _say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        sys.stdout.flush()


def _checked(options: dict[str, Any]) -> Simulation:
    """Raises CommandError with exit code 2 before anything is begun."""
    from labeller.learning.bridges.replay import known_policies

    try:
        for out in (options["png"], options["json"]):
            if out and out != "-":
                writable(Path(out))
        at_least(1, options["seeds"], "--seeds")
        policies = chosen(options["policy"], known_policies(), "policy")
        if not policies:
            raise ReplayRefused(f"No policy is asked for; known: {', '.join(known_policies())}.")
        material = read_material(options["train"], options["test"])
        labels = read_counts(options["labels"], pool=len(material.pool))
        full_at = _full_at(options["full"], labels)
    except ReplayRefused as refusal:
        raise CommandError(str(refusal), returncode=2) from None
    return Simulation(
        options["train"].resolve(),
        options["test"].resolve() if options["test"] else None,
        material,
        labels,
        policies,
        range(options["seeds"]),
        full_at,
        not options["without_audit"],
        settings.RECIPE,
        settings.TRAINING_THREADS,
    )


def _full_at(words: str, labels: tuple[int, ...]) -> tuple[int, ...] | Literal["auto"]:
    if words == "auto":
        return "auto"
    if words == "none":
        return ()
    try:
        counts = read_counts(words)
    except ReplayRefused:
        raise ReplayRefused(f"--full '{words}' cannot be; write auto, none, or numbers of --labels.") from None
    strange = sorted(set(counts) - set(labels))
    if strange:
        raise ReplayRefused(f"A full run at {strange[0]} labels is not among --labels; add it there.")
    return counts
