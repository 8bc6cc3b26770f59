"""What an account may do on this server, set by whoever keeps it: there is no page for it."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from labeller.projects.models import User

SWITCHES = {"on": True, "off": False}


class Command(BaseCommand):
    help = (
        "Switch an account off or on again, and say whether it may make projects. Whoever is signed in to an account "
        "that is switched off is signed out, and is asked nothing any more; all its answers stay."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--account", choices=SWITCHES, help="Whether it can be signed in to.")
        parser.add_argument("--staff", choices=SWITCHES, help="Whether it may make projects without managing one.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"There is no account named {options['username']!r}.", returncode=2)
        asked = {"is_active": options["account"], "is_staff": options["staff"]}
        changed = {field: SWITCHES[value] for field, value in asked.items() if value is not None}
        for field, value in changed.items():
            setattr(user, field, value)
        if changed:
            user.save(update_fields=list(changed))
        if options["json"]:
            told = {"username": user.username, "account": user.is_active, "staff": user.is_staff}
            self.stdout.write(json.dumps(told))
            return
        can = "can be signed in to" if user.is_active else "is switched off"
        may = "is of the staff: it may make projects" if user.is_staff else "makes projects only while it manages one"
        self.stdout.write(f"The account {user.username} {can} and {may}.")
