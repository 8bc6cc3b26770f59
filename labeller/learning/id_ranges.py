"""Many ids in few characters: "1-14,16,20-31". What a model learnt from is mostly runs of ids, and stays readable."""

from __future__ import annotations

from collections.abc import Iterable


def pack(ids: Iterable[int]) -> str:
    """Ascending, each id once."""
    parts: list[str] = []
    start = end = -1
    for id_ in [*sorted(set(ids)), None]:
        if id_ is not None and start >= 0 and id_ == end + 1:
            end = id_
            continue
        if start >= 0:
            parts.append(str(start) if start == end else f"{start}-{end}")
        if id_ is not None:
            start = end = id_
    return ",".join(parts)


def unpack(ranges: str) -> list[int]:
    """Ascending. Raises ValueError for anything that `pack` did not write."""
    ids: list[int] = []
    for part in ranges.split(",") if ranges else ():
        start, _, end = part.partition("-")
        ids.extend(range(int(start), int(end or start) + 1))
    return ids
