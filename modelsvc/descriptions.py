"""What a description says a label is. What it says the label is not would draw those very texts: an encoder is deaf to
a "not".

Left out is, up to the end of the sentence or to the "but" that takes it back:
- what follows "not" at the start of a sentence, after a comma, a dash or a bracket, or after "but" or "and", and what
  follows "except", "excluding" and their like anywhere;
- a clause that says what is not covered: "it does not include", "this is not about", "parcels do not count";
- a sentence that begins with "without";
- a sentence that begins with "no", unless the description begins with it, or another "no" follows: "No signal, no
  connection, calls drop" says what such texts are about.

All other negations say what happened or is missing, "Never received the parcel", "The card does not work", "Ends the
contract without notice", and are read: such texts name the very thing.
"""

from __future__ import annotations

import re

SENTENCES = re.compile(r"(?<=;)\s+|(?<=[.!?])\s+(?=[^\W\d_a-z])|\n+")  # "z. B. nicht" is not three

_NOT = r"(?:not|nicht)(?!\s+(?:only|just|nur|allein)\b)"
_AUX = r"(?:does|do|did|is|are|was|were|should|must|can|will|may)"
_NEGATED = rf"(?:{_AUX}\s+not|{_AUX}n[’']t|cannot)"
_COVERS = r"(?:includ|cover|count|contain|concern|appl|belong|refer|deal|mean|involv|compris|fall)\w*"
_DECKT = (
    r"(?:umfass\w*|gehör\w*|zähl\w*|enth[aä]lt\w*|betr[ie]ff?\w*|g[ie]lt\w*|f[aä]ll\w*|mein\w*|gemeint|handelt|geht"
    r"|dazu|hierher|darunter|inbegriffen)"
)
_START = r"^\W*"
_CLAUSE = r"(?:^|[,;(–—]|\s-\s|\b(?:but|and|though|although|which|that|aber|und|wobei)\b)"
_WITHIN = r"(?:(?!\b(?:but|and|which|that|aber|und)\b)[^,;(–—])*?"

FOLLOWS = re.compile(
    rf"{_START}(?:{_NOT}|none\s+of|without|ohne)(?=[\s:,])"
    rf"|(?:[,(–—]|\s-\s)\s*(?:(?:but|and|aber|und|also|jedoch)\s+)?{_NOT}(?=[\s:])"
    rf"|\b(?:but|and|aber|und|jedoch)\s+(?:{_NOT}|no|kein\w*|never|nie)(?=[\s:])"
    r"|[(]\s*(?:no|kein\w*)\s"
    r"|\b(?:except|exclud(?:es?|ing)|rather\s+than|instead\s+of|apart\s+from|other\s+than)\b"
    r"|\b(?:außer|ausser|ausgenommen|statt|anstatt|mit\s+Ausnahme|abgesehen\s+von)\b(?!dem\b)"
    r"|\b(?:no|kein\w*|never|nie)\s*:",
    re.IGNORECASE,
)
COVERED = re.compile(
    rf"{_CLAUSE}{_WITHIN}\b{_NEGATED}\s+(?:\w+\s+)?(?:{_COVERS}|about|for|part|here)\b"
    rf"|{_START}(?:it|this|that|these|those|they)\s+(?:is|are)(?:\s+not|n[’']t)\b"
    rf"|{_CLAUSE}{_WITHIN}\b{_DECKT}\s+(?:\w+\s+)?(?:nicht|kein\w*)\b"
    rf"|{_CLAUSE}{_WITHIN}\b(?:nicht|kein\w*)\s+(?:\w+\s+)?{_DECKT}\b"
    rf"|{_START}(?:es|das|dies)\s+(?:ist|sind)\s+(?:nicht|kein\w*)\b",
    re.IGNORECASE,
)
TAKEN_BACK = re.compile(r"[,;]?\s*\b(?:but(?:\s+rather)?|sondern)\s+(?!not\b|no\b)|\)\s*", re.IGNORECASE)
NO = re.compile(r"\W*(?:no|kein\w*)\s", re.IGNORECASE)
ANOTHER_NO = re.compile(r"(?:,|\bor|\band|\bund|\boder)\s+(?:no|kein\w*)\s", re.IGNORECASE)
HANGING = re.compile(r"(?:[\s,;:(–—-]|\b(?:and|or|but|which|that|also|und|oder|aber|wobei)\b)+$", re.IGNORECASE)
MARK = re.compile(r"[.!?;]\s*$")


def what_it_is(description: str) -> str:
    """The parts of a description that the encoder is to read; "" where there are none."""
    told: list[str] = []
    for sentence in SENTENCES.split(description):
        if NO.match(sentence):
            read = sentence.strip() if not told or ANOTHER_NO.search(sentence) else ""
        else:
            read = _affirmed(sentence.strip())
        if read:
            told.append(read)
    return " ".join(told)


def _affirmed(sentence: str) -> str:
    """A sentence without what it denies."""
    rest, kept, cut = sentence, "", False
    while found := _first(rest):
        kept, cut = kept + rest[: found.start()], True
        back = TAKEN_BACK.search(rest, found.end())
        rest = rest[back.end() :] if back else ""
        kept = HANGING.sub("", kept)
        if rest.strip():
            kept = f"{kept} " if kept else ""
    if not cut:
        return sentence
    kept = HANGING.sub("", MARK.sub("", kept + rest))
    mark = MARK.search(sentence)
    return kept + mark[0].strip() if kept.strip(" .!?") and mark else kept.strip()


def _first(text: str) -> re.Match[str] | None:
    found = [match for match in (FOLLOWS.search(text), COVERED.search(text)) if match]
    return min(found, key=lambda match: match.start(), default=None)
