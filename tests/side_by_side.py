"""Test processes side by side (pytest-xdist): each with Redis databases and processor threads of its own.

Loaded as a plugin, before Django reads its settings. Databases and folders are apart already: pytest-django names a
process's database after it, and every test has a folder of its own.
"""

from __future__ import annotations

import os

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")  # gw0, gw1, ...; empty in a run of one process
NUMBER = int(WORKER.removeprefix("gw") or 0)

# Of Redis's sixteen databases a process takes one from 1 on and one from 9 on (tests/operations): four have room.
if WORKER:
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # as many processes as cores: threads would only wait for each other
    if url := os.environ.get("LABELLER_REDIS_URL"):
        os.environ["LABELLER_REDIS_URL"] = f"{url.rpartition('/')[0]}/{1 + NUMBER}"
