"""Make the demo project by hand, for an installation that was started without it."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from labeller.operations import demo
from labeller.projects.models import User


class Command(BaseCommand):
    help = "Make the demo project with a manager's and an annotator's account, and print their passwords once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, *args: Any, **options: Any) -> None:
        taken = User.objects.filter(username__in=demo.ACCOUNTS).values_list("username", flat=True).first()
        if taken:
            sentence = f"There is an account named {taken!r} already, and the demo would make one of that name."
            raise CommandError(sentence, returncode=2)
        project, passwords = demo.make_demo()
        if options["json"]:
            self.stdout.write(json.dumps({"project": project.slug, "accounts": passwords}))
            return
        for name, password in passwords.items():
            self.stdout.write(f"{name} {password}")
        self.stdout.write(f"Kept in {settings.CREDENTIALS}; not shown again.")
