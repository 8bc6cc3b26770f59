"""Children that end with their parent, even when it is killed with SIGKILL and cannot tell them.

Linux only (prctl's PR_SET_PDEATHSIG); elsewhere an orderly stop still ends every child."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def end_with_parent() -> None:
    """This process, and every process it forks from now on, is killed when its parent dies.

    The workers of a cluster and of gunicorn are forks of forks: each inherits the hook, so a killed supervisor takes
    the whole tree with it, level by level.
    """
    if _libc is None:
        return
    _ask_kernel()
    os.register_at_fork(after_in_child=_ask_kernel)


def _ask_kernel() -> None:
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
