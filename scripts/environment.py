"""Makes .venv and installs the pinned packages into it, only when a file that names them changed. pip's own
environment variables (PIP_INDEX_URL, PIP_EXTRA_INDEX_URL, ...) pass through."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"


def main(arguments: list[str]) -> int:
    dev = "--dev" in arguments
    wanted = fingerprint("requirements-dev.txt" if dev else "requirements.txt")
    # An environment for development holds everything that running needs: its stamp satisfies both.
    fresh = {wanted, fingerprint("requirements-dev.txt")}
    stamp = VENV / "installed"
    if PYTHON.exists() and stamp.exists() and stamp.read_text() in fresh:
        return 0
    problem = make_venv() or install("requirements-dev.txt" if dev else "requirements.txt")
    if problem:
        print(problem, file=sys.stderr)
        return 2
    stamp.write_text(wanted)
    return 0


def fingerprint(requirements: str) -> str:
    """Changes when the pins, the wanted packages, the interpreter or the place of the environment change."""
    digest = hashlib.sha256(f"{VENV} {sys.version}".encode())
    for name in sorted({"constraints.txt", "requirements.txt", requirements}):
        digest.update(hashlib.sha256((ROOT / name).read_bytes()).digest())
    return digest.hexdigest()


def make_venv() -> str | None:
    """A sentence when there can be no environment, else None."""
    if not os.access(VENV if VENV.exists() else ROOT, os.W_OK):
        return (
            f"No permission to write in {ROOT}. Clone Labeller into a folder of your own, or change this one's owner."
        )
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        return f"This Python ({sys.executable}) lacks its venv module. Install it: apt install python{version}-venv"
    if works(PYTHON):
        return None
    print("Making .venv", flush=True)
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)])
    return None if made.returncode == 0 else f"Could not make {VENV}: see the lines above."


def works(python: Path) -> bool:
    """Whether the environment is one of this interpreter's version, at this place, with pip."""
    if not python.exists():
        return False
    probe = "import sys, pip; print(sys.prefix, *sys.version_info[:2])"
    answer = subprocess.run([str(python), "-c", probe], capture_output=True, text=True)
    return answer.stdout.split() == [str(VENV), *map(str, sys.version_info[:2])]


def install(requirements: str) -> str | None:
    """A sentence when pip failed, else None."""
    print("Installing the pinned packages into .venv (some minutes the first time)", flush=True)
    quiet = [] if sys.stdout.isatty() else ["--quiet"]
    command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", *quiet]
    done = subprocess.run([*command, "-c", "constraints.txt", "-r", requirements], cwd=ROOT)
    if done.returncode == 0:
        return None
    return "pip could not install the packages: see its lines above. Is the package index reachable?"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
