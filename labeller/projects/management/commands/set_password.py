"""A new password for somebody who forgot theirs, on a server that sends no mail."""

from __future__ import annotations

import json
import secrets
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from labeller.projects.models import User

BYTES = 12  # 96 bits, 16 characters


class Command(BaseCommand):
    help = "Give an account a new random password and print it once. Whoever is signed in to it is signed out."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"There is no account named {options['username']!r}.", returncode=2)
        password = secrets.token_urlsafe(BYTES)
        user.set_password(password)  # which also ends the account's sessions: they carry a hash of the old one
        user.save(update_fields=["password"])
        if options["json"]:
            self.stdout.write(json.dumps({"username": user.username, "password": password}))
            return
        self.stdout.write(
            f"{user.username} signs in with {password} and should change it there. It is not shown again."
        )
