"""An exception as the sentence a manager reads."""

from __future__ import annotations

from django.utils.translation import gettext_noop

OUT_OF_MEMORY = gettext_noop("Out of memory. Close other programs or give the worker more, then start it again.")


def reason_of(error: BaseException) -> str:
    """One line. Errors of our own are sentences already; others get their class before them, to be looked up."""
    first_line = str(error).strip().split("\n", 1)[0][:400]
    if isinstance(error, MemoryError) or "can't allocate memory" in str(error) or "out of memory" in str(error).lower():
        return OUT_OF_MEMORY
    ours = type(error).__module__.split(".", 1)[0] in ("labeller", "modelsvc")
    return first_line if ours and first_line else f"{type(error).__name__}: {first_line or 'no message'}"
