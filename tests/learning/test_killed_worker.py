"""A real training cluster, and SIGKILL in the middle of its work. Labelling goes on throughout."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.learning.scene import LIGHT
from tests.operations.conftest import installation

ROOT = Path(__file__).resolve().parents[2]
house = installation  # a fixture of its own name here: an empty installation, on the servers the suite was given


@pytest.mark.slow
@pytest.mark.crash
@pytest.mark.parametrize("scene", ["killed_once", "killed_twice", "cancelled"])
def test_the_scene_ends_as_it_should(scene: str, house: dict[str, str]) -> None:
    environment = house | {"DJANGO_SETTINGS_MODULE": "labeller.settings", "LABELLER_RECIPE": json.dumps(LIGHT)}
    command = [sys.executable, "-m", "tests.learning.crash_scenes", scene]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    cluster = Path(house["LABELLER_HOME"]) / "cluster.log"
    log = cluster.read_text() if cluster.exists() else ""
    assert done.returncode == 0, done.stdout + done.stderr + log[-4000:]
