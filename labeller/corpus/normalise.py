"""When two texts are the same text, and the random number a text gets for life. Pure functions."""

from __future__ import annotations

import hashlib
import unicodedata

HASH_BITS_OF_DRAW = 53  # what a float holds exactly


def normalise(text: str) -> str:
    """NFKC, casefolded, whitespace collapsed to single blanks. Idempotent: casefolding can undo the composition, and
    composing can bring back what folds, so the pair is repeated until nothing changes (twice is the rule)."""
    while True:
        folded = unicodedata.normalize("NFKC", text).casefold()
        if folded == text:
            return " ".join(folded.split())
        text = folded


def text_hash(text: str) -> str:
    """SHA-256 of the normalised text, in 64 hex digits. Equal for texts that differ in case or spacing only."""
    return hashlib.sha256(normalise(text).encode()).hexdigest()


def draw(seed: int, hash_of_text: str) -> float:
    """A text's uniform number in [0, 1), from the project's seed and the text's hash alone. The order of the file, the
    size of a batch and a second attempt do not change it: whoever imports the same texts with the same seed gets the
    same audit reserve, and nobody can steer a text into it without trying hashes."""
    digest = hashlib.sha256(f"{seed}:{hash_of_text}".encode()).digest()
    return float((int.from_bytes(digest[:8], "big") >> (64 - HASH_BITS_OF_DRAW)) / (1 << HASH_BITS_OF_DRAW))
