"""A web process loads nothing that belongs to the learner."""

from __future__ import annotations

import os
from pathlib import Path

from tests.operations.processes import python

LOAD = """
import sys
from labeller.wsgi import application
from django.urls import get_resolver
from django.template.loader import get_template
assert get_resolver().url_patterns
heavy = {"torch", "transformers", "sklearn", "scipy", "numpy", "altair", "vl_convert"}
heavy |= {"modelsvc", "sentence_transformers"}
print(sorted(heavy & set(sys.modules)))
"""


def test_the_whole_site_map_loads_without_the_learner(tmp_path: Path):
    done = python("-c", LOAD, env=dict(os.environ) | {"LABELLER_HOME": str(tmp_path)})
    assert done.stderr == ""
    assert done.stdout.strip() == "[]"
