"""The border around the learner holds for modules that nobody has written yet."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The packages and their contracts, to be broken."""
    folder = tmp_path_factory.mktemp("tree")
    for package in ("labeller", "modelsvc"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_the_tree_as_it_is_keeps_every_contract(tree: Path) -> None:
    done = lint(tree)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("line", ["from modelsvc.heads.quick import fit_head", "import torch"])
@pytest.mark.parametrize("place", ["labeller/learning/newcomer.py", "labeller/newcomer.py"])
def test_a_new_module_outside_the_bridges_may_not_import_the_learner(tree: Path, place: str, line: str) -> None:
    newcomer = tree / place
    newcomer.write_text(f"{line}\n")
    try:
        done = lint(tree)
    finally:
        newcomer.unlink()
    assert done.returncode == 1 and "newcomer" in done.stdout, done.stdout


@pytest.mark.parametrize(
    ("room", "line"),
    [
        ("querying", "from modelsvc.full_run.recipe import train"),
        ("stores", "from modelsvc.encoding.encoder import Encoder"),
    ],
)
def test_a_new_module_of_the_learner_may_not_import_from_a_room_above_its_own(tree: Path, room: str, line: str) -> None:
    newcomer = tree / "modelsvc" / room / "newcomer.py"
    newcomer.write_text(f"{line}\n")
    try:
        done = lint(tree)
    finally:
        newcomer.unlink()
    assert done.returncode == 1 and f"modelsvc.{room}.newcomer" in done.stdout, done.stdout
