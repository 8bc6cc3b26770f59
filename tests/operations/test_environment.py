"""`make run` on a machine that lacks something says so in one sentence; otherwise .venv equals the pins."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.operations.processes import ROOT


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone that wants no packages, so that pip has nothing to fetch."""
    shutil.copytree(ROOT / "scripts", tmp_path / "clone" / "scripts")
    for name in ("requirements.txt", "requirements-dev.txt", "constraints.txt"):
        (tmp_path / "clone" / name).write_text("")
    return tmp_path / "clone"


def path_with(folder: Path, *, version: str | None) -> str:
    """A PATH with the shell's own needs and, if a version is given, a python3 that is too old."""
    folder.mkdir()
    for needed in ("dirname", "sh"):
        (folder / needed).symlink_to(str(shutil.which(needed)))
    if version is not None:
        # As an old interpreter does: tells its version, fails the question for a newer one.
        (folder / "python3").write_text(
            f'#!/bin/sh\n[ "$1" = --version ] && echo "Python {version}" && exit 0\nexit 1\n'
        )
        (folder / "python3").chmod(0o755)
    return str(folder)


def prepare(clone: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": os.environ["PATH"], "HOME": str(clone), "PIP_NO_INDEX": "1"} | env
    command = ["/bin/sh", str(clone / "scripts" / "environment.sh"), *arguments]
    return subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120)


def test_an_old_python_is_named_with_the_way_out(clone, tmp_path):
    done = prepare(clone, PATH=path_with(tmp_path / "bin", version="3.9.2"))
    assert done.returncode == 2
    assert done.stderr.startswith("Labeller needs Python 3.11 or newer; found: Python 3.9.2. Install one")
    assert done.stderr.count("\n") == 1


def test_no_python_at_all_is_said(clone, tmp_path):
    done = prepare(clone, PATH=path_with(tmp_path / "bin", version=None))
    assert done.returncode == 2
    assert "found: none" in done.stderr


def test_a_newer_python_under_another_name_is_found(clone, tmp_path):
    folder = path_with(tmp_path / "bin", version="3.9.2")
    (tmp_path / "bin" / "python3.12").write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (tmp_path / "bin" / "python3.12").chmod(0o755)
    (clone / ".venv").write_text("a file where the folder should be")  # so that it stops right after it was found
    assert "Labeller needs Python" not in prepare(clone, PATH=folder).stderr


def test_a_python_without_its_venv_module_is_told_what_to_install(clone):
    code = "import sys, runpy; sys.modules['ensurepip'] = None; runpy.run_path(sys.argv[1], run_name='__main__')"
    script = str(clone / "scripts" / "environment.py")
    done = subprocess.run([sys.executable, "-c", code, script], capture_output=True, text=True)
    assert done.returncode == 2
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert f"lacks its venv module. Install it: apt install python{version}-venv" in done.stderr


@pytest.mark.slow
def test_packages_are_installed_again_only_when_the_files_changed(clone):
    first = prepare(clone)
    assert (first.returncode, "Installing the pinned packages" in first.stdout) == (0, True)
    assert (clone / ".venv" / "bin" / "python").exists()
    again = prepare(clone)
    assert (again.returncode, again.stdout) == (0, "")

    (clone / "requirements.txt").write_text("no-such-package-of-ours\n")
    failed = prepare(clone)
    assert failed.returncode == 2
    assert "pip could not install the packages" in failed.stderr
    assert "Making .venv" not in failed.stdout

    (clone / "requirements.txt").write_text("# nothing again\n")
    assert "Installing" in prepare(clone).stdout
    assert prepare(clone, "--dev").returncode == 0
    assert prepare(clone).stdout == ""  # what development needs holds what running needs
