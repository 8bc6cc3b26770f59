"""Which process this is, and which of them were started together.

One `up` starts a crew: it names it in the environment, its workers and their forks inherit the name, and the rows they
claim bear it. So an `up` that ends gives back its own jobs and those of no other `up` on the same machine.
"""

from __future__ import annotations

import os
import socket
import uuid

VARIABLE = "LABELLER_CREW"  # set by `up` for its children, not by an owner


def form() -> str:
    """Give the processes started from here a crew's name, and return it."""
    name = uuid.uuid4().hex
    os.environ[VARIABLE] = name
    return name


def this_process() -> str:
    """host:pid, or host:pid@crew, as the rows name a worker."""
    process = f"{socket.gethostname()[:70]}:{os.getpid()}"
    crew = os.environ.get(VARIABLE)
    return f"{process}@{crew}" if crew else process


def ending(crew: str) -> str:
    """How the names of this crew's processes end."""
    return f"@{crew}"
