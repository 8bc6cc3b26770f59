"""CSV files are opened in spreadsheets, and a spreadsheet computes what looks like a formula."""

from __future__ import annotations

# How a cell begins that some spreadsheet computes (OWASP, "CSV Injection"); tab and line ends are skipped before it.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


def plain_cell(text: str) -> str:
    """The text as a cell that a spreadsheet shows and never computes: with an apostrophe before a formula's start."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text
