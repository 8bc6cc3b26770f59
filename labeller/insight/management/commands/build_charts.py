"""Write Vega, Vega-Lite and vega-embed as one static file, once. Run before collectstatic, never in a web process."""

from __future__ import annotations

import os
from argparse import ArgumentParser
from importlib.metadata import version
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

BUNDLE = Path("js") / "vega-bundle.js"


class Command(BaseCommand):
    help = "Write the chart library for the browser, unless this version of it is there already."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--force", action="store_true", help="Write it even when it is there.")

    def handle(self, *args: Any, **options: Any) -> None:
        target = Path(settings.GENERATED_STATIC) / BUNDLE
        stamp = f"/* vl-convert-python {version('vl-convert-python')} */\n"
        if not options["force"] and _first_line(target) == stamp:
            if options["verbosity"] > 1:
                self.stdout.write(f"{target} is up to date.")
            return
        # Imported here: it loads a JavaScript engine, a second and 100 MB that the usual "there already" must not pay.
        import vl_convert

        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_suffix(f".{os.getpid()}.tmp")
        bundle = vl_convert.javascript_bundle()  # type: ignore[call-arg]  # its stub forgets the default
        unfinished.write_text(stamp + bundle, encoding="utf-8")
        unfinished.replace(target)  # a reader sees the old file or the whole new one
        if options["verbosity"]:
            self.stdout.write(f"Wrote {target} ({target.stat().st_size // 1024} KB).")


def _first_line(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            return file.readline()
    except FileNotFoundError:
        return ""
