"""Bytes to characters: the encodings we offer, how one is guessed, and how a wrong byte is marked, not dropped."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from pathlib import Path

from charset_normalizer import from_bytes

from labeller.retelling import gettext_noop

# Key -> how the form names it. Keys are Python codec names.
ENCODINGS: dict[str, str] = {
    "utf-8": gettext_noop("UTF-8"),
    "utf-16": gettext_noop("UTF-16 (with byte order mark)"),
    "utf-16-le": gettext_noop("UTF-16, little-endian"),
    "utf-16-be": gettext_noop("UTF-16, big-endian"),
    "cp1252": gettext_noop("Windows-1252 (Western European)"),
    "latin-1": gettext_noop("Latin-1 (ISO 8859-1)"),
    "iso8859-15": gettext_noop("Latin-9 (ISO 8859-15)"),
    "mac-roman": gettext_noop("Mac Roman"),
    "cp1250": gettext_noop("Windows-1250 (Central European)"),
    "iso8859-2": gettext_noop("Latin-2 (ISO 8859-2)"),
    "cp1251": gettext_noop("Windows-1251 (Cyrillic)"),
    "koi8-r": gettext_noop("KOI8-R (Russian)"),
    "cp1253": gettext_noop("Windows-1253 (Greek)"),
    "cp1254": gettext_noop("Windows-1254 (Turkish)"),
    "cp1255": gettext_noop("Windows-1255 (Hebrew)"),
    "cp1256": gettext_noop("Windows-1256 (Arabic)"),
    "shift_jis": gettext_noop("Shift JIS (Japanese)"),
    "euc_jp": gettext_noop("EUC-JP (Japanese)"),
    "gb18030": gettext_noop("GB 18030 (Chinese)"),
    "big5": gettext_noop("Big5 (Chinese)"),
    "euc_kr": gettext_noop("EUC-KR (Korean)"),
}
SAMPLE = 64 * 1024  # bytes shown to charset-normalizer
UTF8_CHECKED = 64 * 1024 * 1024  # bytes read to see whether a file is UTF-8: plain ASCII may go on for long
MARK = 0xDC00  # a byte that could not be decoded becomes the lone surrogate MARK + byte


def _mark_wrong_bytes(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    wrong = error.object[error.start : error.end]
    return "".join(chr(MARK + byte) for byte in wrong), error.end


# Decoding goes on behind a wrong byte, so that one line is refused and not the file.
codecs.register_error("labeller-mark", _mark_wrong_bytes)


def wrong_bytes(line: str) -> tuple[int, ...]:
    """The bytes of this line that the encoding does not know, as numbers 0..255; empty for nearly every line."""
    if line.isascii():
        return ()
    return tuple(ord(character) - MARK for character in line if MARK <= ord(character) < MARK + 256)


def codec(encoding: str) -> str:
    """The codec to read with: a byte order mark in front of UTF-8 is not part of the first column's name."""
    return "utf-8-sig" if encoding == "utf-8" else encoding


def guess_encoding(path: Path) -> str:
    """A key of ENCODINGS. Byte order marks first, then NULs that betray UTF-16, then UTF-8 if the bytes allow it (other
    encodings practically never do by chance), then charset-normalizer on the file's beginning and on the neighbourhood
    of the first byte that is not UTF-8."""
    with path.open("rb") as file:
        head = file.read(SAMPLE)
        if head.startswith(codecs.BOM_UTF8):
            return "utf-8"
        if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return "utf-16"
        if (order := _utf16_without_mark(head)) is not None:
            return order
        file.seek(0)
        wrong_at = _first_byte_not_utf8(file.read, UTF8_CHECKED)
        if wrong_at is None:
            return "utf-8"
        file.seek(max(0, wrong_at - SAMPLE // 2))
        return _guess_eight_bit(head[: SAMPLE // 2] + b"\n" + file.read(SAMPLE))


def _utf16_without_mark(head: bytes) -> str | None:
    """Latin text in UTF-16 is every second byte NUL."""
    even, odd = head[0::2], head[1::2]
    if len(odd) < 2:
        return None
    if odd.count(0) > 0.3 * len(odd) and even.count(0) < 0.05 * len(even):
        return "utf-16-le"
    if even.count(0) > 0.3 * len(even) and odd.count(0) < 0.05 * len(odd):
        return "utf-16-be"
    return None


def _first_byte_not_utf8(read: Callable[[int], bytes], limit: int) -> int | None:
    """The offset of the first wrong byte within `limit` bytes, or None."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    seen = 0
    while seen < limit:
        chunk = read(1 << 20)
        held = len(decoder.getstate()[0])
        try:
            decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            return seen - held + error.start
        if not chunk:
            return None
        seen += len(chunk)
    return None


def _guess_eight_bit(sample: bytes) -> str:
    names = [name for name in ENCODINGS if not name.startswith("utf")]
    best = from_bytes(sample, cp_isolation=names).best()
    if best is None:
        return "cp1252" if _decodes(sample, "cp1252") else "latin-1"
    alike = {codecs.lookup(name).name for name in [best.encoding, *best.could_be_from_charset]}
    # Where several read the same, the commonest name is the least surprising one.
    for name in ("cp1252", "latin-1", *names):
        if codecs.lookup(name).name in alike:
            return name
    return "cp1252"


def _decodes(sample: bytes, encoding: str) -> bool:
    try:
        sample.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
