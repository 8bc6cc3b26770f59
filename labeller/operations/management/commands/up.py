"""Everything in one process group: web and workers, started, watched and stopped together."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connections

from labeller import crew
from labeller.corpus import claims
from labeller.learning import runs
from labeller.learning.checks import CHEAP
from labeller.operations import demo, prepare, readiness
from labeller.operations.supervisor import GaveUp, Service, Supervisor

FIRST_PAGE_PATIENCE_S = 60.0


class Command(BaseCommand):
    help = "Start web and workers as one process group; Ctrl-C stops all."
    requires_system_checks = (CHEAP,)  # `make check` runs the others; a start need not wait for them

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="Address to listen on (default: this machine only).")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--demo", action="store_true", help="Make the demo project if nobody has an account yet.")
        parser.add_argument("--no-web", action="store_true", help="Only the workers.")

    def handle(self, *args: Any, **options: Any) -> None:
        host, port, web = options["host"], options["port"], not options["no_web"]
        if web:
            readiness.require_free_port(host, port)
        prepare.database(self.say)
        if web:
            prepare.static_files(self.say)
        accounts = self._accounts(wanted=options["demo"])
        connections.close_all()  # nothing is shared with the processes started below
        self._crew = crew.form()
        try:
            with Supervisor(services(f"{host}:{port}" if web else None), say=self.say) as supervisor:
                if web:
                    self._announce(supervisor, host, port, accounts)
                else:
                    self.say("The workers are running. Ctrl-C stops them.")
                supervisor.watch()
                self.say("Stopping")
        except (GaveUp, readiness.PageFailed) as problem:
            raise CommandError(str(problem)) from None
        finally:
            self._give_back()  # once the workers have ended: a living one would take it up again, and be stopped in it

    def say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()

    def _give_back(self) -> None:
        """To be stopped is no death: what was running here waits for the next start."""
        try:
            if given := runs.give_back(self._crew) + claims.give_back(self._crew):
                self.say(f"{given} running job{'s' if given > 1 else ''} will go on at the next start")
        except DatabaseError as error:  # stopping must not fail; the runs are then found by their silence
            self.say(f"The running jobs could not be given back: {error}")
        connections.close_all()

    def _accounts(self, *, wanted: bool) -> list[str]:
        """Lines that tell how to sign in."""
        if not wanted:
            return []
        if get_user_model().objects.exists():
            return [f"The demo's accounts are in {settings.CREDENTIALS}."] if settings.CREDENTIALS.exists() else []
        self.say("Making the demo project")
        _, passwords = demo.make_demo()
        lines = [f"Sign in as {name:<10} password {password}" for name, password in passwords.items()]
        return [*lines, f"These are also in {settings.CREDENTIALS}; they are not shown again."]

    def _announce(self, supervisor: Supervisor, host: str, port: int, accounts: list[str]) -> None:
        """Says the address once the first page really comes. Raises GaveUp when it never does."""
        deadline = time.monotonic() + FIRST_PAGE_PATIENCE_S
        while not readiness.page_answers(host, port):
            supervisor.tick(timeout_s=0.05)
            if supervisor.stop_requested:
                return
            if time.monotonic() > deadline:
                raise GaveUp(f"No page came within {FIRST_PAGE_PATIENCE_S:.0f} seconds. The lines above say why.")
        shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104  (compared, not bound)
        self.say(f"Labeller is at http://{f'[{shown}]' if ':' in shown else shown}:{port}/")
        for line in accounts:
            self.say(line)
        self.say("Ctrl-C stops it.")


def services(bind: str | None) -> list[Service]:
    """The processes, in the order of their start. `bind`: host:port of the web server, None for none."""
    module = [sys.executable, "-m"]
    web = [Service("web", [*module, "labeller.operations.web", bind])] if bind else []
    clusters = [settings.Q_CLUSTER["name"], *settings.Q_CLUSTER["ALT_CLUSTERS"]]
    return web + [Service(f"{name} worker", [*module, "labeller.operations.cluster", name]) for name in clusters]
