"""The chart library is written once, again when its version changes, and never in a web process."""

import os
import subprocess
import sys
from pathlib import Path

from django.core.management import call_command
from pytest_django import Settings


def test_the_bundle_is_written_once_and_again_for_another_version(settings: Settings, tmp_path: Path) -> None:
    settings.GENERATED_STATIC = tmp_path / "generated"
    bundle = tmp_path / "generated" / "js" / "vega-bundle.js"
    call_command("build_charts", verbosity=0)
    written = bundle.read_text()
    assert written.startswith("/* vl-convert-python ") and "vegaEmbed" in written
    assert [path.name for path in bundle.parent.iterdir()] == [bundle.name]

    mark = written + "// kept"
    bundle.write_text(mark)
    call_command("build_charts", verbosity=0)
    assert bundle.read_text() == mark

    bundle.write_text("/* vl-convert-python 0.0.1 */\n")
    call_command("build_charts", verbosity=0)
    assert bundle.read_text() == written


def test_the_web_process_loads_no_chart_library_and_no_learner() -> None:
    code = (
        "import django, sys; django.setup(); import labeller.urls, labeller.insight.views;"
        "print({'altair', 'vl_convert', 'torch', 'sklearn', 'modelsvc'} & set(sys.modules) or 'light')"
    )
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "labeller.settings"}
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=Path(__file__).parents[2], capture_output=True, text=True
    )
    assert run.stdout.strip() == "light", run.stderr
