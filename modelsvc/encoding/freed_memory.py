"""Memory that a long training has freed, given back to the machine.

Batches of many lengths leave the C library's heap full of holes: freed, but kept by the process. Measured on 64 labels
of AG with the pool's share (benchmarks/LOG.md), that was a gigabyte that nobody used.
"""

from __future__ import annotations

import ctypes
import time

EVERY_S = 5.0  # giving back takes some 40 ms, so under one per cent

_last = float("-inf")
_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc alone has it


def give_back() -> None:
    """Call it at each step: it does something every EVERY_S seconds, in this process, and nothing without glibc."""
    global _last
    now = time.monotonic()
    if _trim is not None and now - _last >= EVERY_S:
        _last = now
        _trim(0)
