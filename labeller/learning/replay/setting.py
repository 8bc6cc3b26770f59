"""What made the figures of a replay. Where two settings differ, their figures are not seeds of one thing."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from labeller.learning.replay.file import Material
from labeller.learning.triggers import FIRST_FULL


def setting_of(train: Path, test: Path | None, material: Material, recipe: dict[str, Any]) -> dict[str, Any]:
    """Of the texts and the recipe, for the head of a JSON; who plays adds how it is played."""
    return {
        "recipe": recipe,
        "train": _named(train),
        "test": _named(test) if test else "a third of train",
        "pool": len(material.pool),
        "tested_on": len(material.test),
        "in_test_too": "kept" if material.kept else "left out",  # texts of train
        "kinds": len(material.names),
        "several_labels": material.multi_label,
        "first_full_run": FIRST_FULL,
        "label_names": not material.multi_label and recipe.get("label_names", True),
    }


def _named(path: Path) -> str:
    """The name, and the beginning of the digest: another file of that name is another file."""
    return f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"
