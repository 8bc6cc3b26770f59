"""A file as physical lines, streamed: numbered from 1, of bounded length, each with its wrong bytes found."""

from __future__ import annotations

from collections.abc import Iterator
from io import BufferedReader, TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import Self

from labeller.corpus import reasons
from labeller.corpus.encodings import ENCODINGS, codec, wrong_bytes

LONGEST = 1_000_000  # characters of one line; a text may have 100,000
BEGINNING = 500  # characters of a refused row that are kept, to find it again


class LineRefused(Exception):
    """This line cannot be read; the next one can. The message says why."""

    def __init__(self, reason: str, beginning: str) -> None:
        super().__init__(reason)
        self.beginning = beginning


class Lines(Iterator[str]):
    """Iterates over lines with their ends kept. `number` is the number of the line given last. A line that cannot be
    read raises LineRefused from `next`, and iteration may go on: that is why this is a class and no generator.

    A line ends at \\n, \\r\\n or \\r, as editors count; exotic separators such as U+2028 are part of a text.
    """

    def __init__(self, path: Path, encoding: str) -> None:
        self.number = 0
        self.encoding = encoding
        self._bytes: BufferedReader = path.open("rb")
        # newline="": ends are found at all three but not translated, so a CSV cell keeps its own.
        self._text = TextIOWrapper(self._bytes, encoding=codec(encoding), errors="labeller-mark", newline="")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._text.close()

    @property
    def bytes_read(self) -> int:
        """Of the file, rounded up to the read-ahead."""
        return self._bytes.tell()

    def __next__(self) -> str:
        line = self._text.readline(LONGEST)
        if not line:
            raise StopIteration
        self.number += 1
        if self.number == 1:
            line = line.removeprefix("\ufeff")  # UTF-16 named with its byte order keeps its mark
        if len(line) >= LONGEST and not line.endswith(("\n", "\r")):
            self._skip_rest_of_line()
            raise LineRefused(reasons.LONG_LINE % {"most": f"{LONGEST:,}"}, line[:BEGINNING])
        if wrong := wrong_bytes(line):
            raise LineRefused(_wrong_byte_sentence(wrong, line, self.encoding), line[:BEGINNING])
        return line

    def _skip_rest_of_line(self) -> None:
        while (rest := self._text.readline(LONGEST)) and not rest.endswith(("\n", "\r")):
            pass


def _wrong_byte_sentence(wrong: tuple[int, ...], line: str, encoding: str) -> str:
    column = next(at for at, character in enumerate(line, 1) if 0xDC00 <= ord(character) < 0xDD00)
    sentence = reasons.WRONG_BYTES if len(wrong) > 1 else reasons.WRONG_BYTE
    values = {"byte": f"0x{wrong[0]:02x}", "at": column, "more": len(wrong) - 1}
    return sentence % (values | {"encoding": ENCODINGS.get(encoding, encoding)})
