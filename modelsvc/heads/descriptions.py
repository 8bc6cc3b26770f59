"""What a description says a label is. What it says the label is not would draw those very texts: an encoder is deaf to
a "not".

But what a text of the label says may itself be a negation, "Clauses excluding liability", "Paid, not delivered". So
left out is only what stands where exceptions stand, up to the end of the sentence or to the "but" that takes it back:
- what follows "not" at the start of a sentence, after a comma, a dash or a bracket, or after "but" or "and" with two
  words or more before it; but "not delivered" tells what did not happen;
- what follows "except", "rather than" and their like anywhere, and "excluding" after a comma, a dash or a bracket;
- a clause that says of the label what it does not cover: "it does not include", "this is not about"; and, behind
  something else, one that says of others that they are not covered: "Courts. Parcels do not count";
- a later sentence that begins with "excluding" or "without"; with "it is not"; or with "no", unless another "no"
  follows: "No signal, no connection, calls drop" says what such texts are about.

Where nothing is left, or a word that fits any text ("Everything except contracts"), the label's name teaches alone.
That is safer than the whole: what was left out is then all that the description tells, and it is what other labels are.
So it is where a "not" may mean either: "Paid, not delivered after two weeks".
"""

from __future__ import annotations

import re

SENTENCES = re.compile(r"(?<=;)\s+|(?<=[.!?])\s+(?=[^\W\d_a-z])|\n+")  # "z. B. nicht" is not three

_END = r"(?=\s*(?:$|[.!?,;)]))"
# A participle that ends its clause tells what happened to the text's subject, or did not; in German any word in small
# letters does, for what is excepted is a noun.
_DONE = (
    r"(?:(?:yet|been)\s+)*(?!(?:includ|cover|count|concern|intend|relat)ed\b)"
    r"(?:\w{2,}(?<!e)ed|paid|sent|met|made|done|given|taken|found|shown|written|working)\b"
)
_GETAN = (
    r"(?:(?:noch|mehr)\s+)?(?!(?:gemeint|enthalten|inbegriffen|umfasst|erfasst)\b)"
    r"(?-i:(?:[a-zäöü]+)?ge\w{2,}(?:t|en)|(?:be|er|ver|zer|ent|miss)\w{2,}(?:t|en)|[a-zäöü]+iert)\b"
)
_DID = rf"{_DONE}{_END}"
_GESCHAH = (
    r"(?:(?:noch|mehr)\s+)?(?!(?:gemeint|enthalten|inbegriffen|umfasst|erfasst|dazu|hierher|darunter)\b)"
    rf"(?-i:[a-zäöü])\w+{_END}"
)
_NOT = rf"(?:not(?!\s+(?:only|just|{_DID})\b)|nicht(?!\s+(?:nur\b|allein\b|{_GESCHAH})))"
_NEVER = rf"(?:never(?!\s+{_DID})|nie(?!\s+{_GESCHAH}))"
_NO = rf"(?:{_NOT}|{_NEVER}|no|kein\w*)(?=[\s:])"
_EXCLUD = r"exclud(?:es?|ing)\b"
_NEGATED = r"(?:(?:does|do|did|is|are|was|were|should|must|can|will|may)(?:\s+not|n[’']t)|cannot)\s+(?:\w+\s+)?"
_KEIN = r"(?:nicht|kein\w*)"
_START = r"^\W*"
_BREAK = r"(?:[,;(–—]|\s-\s)\s*"
_THIS = (
    r"(?:(?:it|this|that|these|those|they|which|es|das|dies\w*|dazu|hierzu|darunter"
    r"|(?:this|the|das|die|dieses|diese)\s+(?:label|category|class|kategorie|klasse))\s+)"
)
_COVERS = (
    r"(?:(?:includ|cover|count|contain|concern|appl|belong|refer|deal|mean|involv|compris|fall)\w*|about|for|part|here)"
)
_DECKT = (
    r"(?:(?:umfass|gehör|zähl|enth[aä]lt|betr[ie]ff?|g[ie]lt|f[aä]ll|mein)\w*|handelt"
    r"|geht(?=\s+(?:\w+\s+)?nicht\s+um\b))"  # "es geht nicht" says that something does not work
)
_COVERS_NOT = rf"(?:{_NEGATED}{_COVERS}\b|{_DECKT}\s+(?:\w+\s+)?{_KEIN}\b)"
_COVERED = r"(?:count\w*|belong\w*|fall\w*|included|covered|concerned|meant|part|here)\b"
_GEDECKT = (
    rf"(?:{_KEIN}\s+(?:mit\s+)?(?:dazu|hierher|hierzu|darunter|gemeint|enthalten|inbegriffen|umfasst|erfasst)"
    rf"|zähl\w*\s+(?:hier\s+)?{_KEIN}\b)"
)
_OTHERS = r"(?:(?!\b(?:but|and|that|which|what|who|aber|und|was|wer)\b)[^,;(–—])*?\b"  # the subject of a clause
_NOT_COVERED = rf"{_OTHERS}(?:{_NEGATED}{_COVERED}|{_GEDECKT})"

EXCEPT = re.compile(
    rf"{_START}(?:{_NOT}(?=[\s:,])|none\s+of\b)"
    rf"|{_BREAK}(?:(?:but|and|aber|und|also|jedoch)\s+)?(?:{_NOT}(?=[\s:])|{_EXCLUD})"
    rf"|{_BREAK}(?:but|and|aber|und|jedoch)\s+{_NO}"
    r"|[(]\s*(?:no|kein\w*)\s"
    r"|\b(?:except|rather\s+than|instead\s+of|apart\s+from|other\s+than)\b"
    r"|\b(?:außer|ausser|ausgenommen|statt|anstatt|mit\s+Ausnahme|abgesehen\s+von)\b(?!dem\b)"
    r"|\b(?:no|kein\w*|never|nie)\s*:"
    rf"|(?:{_START}|{_BREAK}){_THIS}?{_COVERS_NOT}"
    rf"|\b(?:but|and|though|although|aber|und|wobei)\s+{_THIS}{_COVERS_NOT}"
    rf"|(?:{_BREAK}|\b(?:but|though|although|aber|wobei)\s+(?!{_NEGATED})){_NOT_COVERED}",
    re.IGNORECASE,
)
# "Paid, but not delivered after two weeks" may tell what did not happen, and "Contracts, not governed by our law" what
# is excepted: nobody can tell by the words, and each half by itself may say the opposite of what is meant.
UNCLEAR = re.compile(
    rf"[\s,;(–—-]*(?:(?:but|and|aber|und|jedoch)\s+)?(?:(?:not|never)\s+{_DONE}|(?:nicht|nie)\s+{_GETAN})",
    re.IGNORECASE,
)
EXCEPT_BEHIND_TWO_WORDS = re.compile(rf"(?<=\w)\s+(?:but|and|aber|und|jedoch)\s+{_NO}", re.IGNORECASE)
EXCEPT_LATER = re.compile(
    rf"{_START}(?:(?:without|ohne)(?=[\s:,])|{_EXCLUD}|{_NOT_COVERED}"
    rf"|(?:it|this|that|these|those|they)\s+(?:is|are)(?:\s+not|n[’']t)\b|(?:es|das|dies)\s+(?:ist|sind)\s+{_KEIN}\b)",
    re.IGNORECASE,
)
TAKEN_BACK = re.compile(r"[,;]?\s*\b(?:but(?:\s+rather)?|sondern)\s+(?!not\b|no\b)|\)\s*", re.IGNORECASE)
NO = re.compile(r"\W*(?:no|kein\w*)\s", re.IGNORECASE)
ANOTHER_NO = re.compile(r"(?:,|\bor|\band|\bund|\boder)\s+(?:no|kein\w*)\s", re.IGNORECASE)
HANGING = re.compile(r"(?:[\s,;:(–—-]|\b(?:and|or|but|which|that|also|und|oder|aber|wobei)\b)+$", re.IGNORECASE)
MARK = re.compile(r"[.!?;]\s*$")
WORDS = re.compile(r"\b(?!(?:the|an?|der|die|das|eine?)\b)\w+", re.IGNORECASE)
FITS_ANY = re.compile(
    r"\W*(?:all|everything|anything|(?:all\s+|any\s+)?(?:texts?|clauses?|sentences?|messages?)"
    r"|alles|(?:alle\s+)?(?:texte?|klauseln?|sätze?))?\W*",
    re.IGNORECASE,
)


def what_it_is(description: str) -> str:
    """The parts of a description that the encoder is to read; "" where there are none."""
    told: list[str] = []
    for sentence in SENTENCES.split(description):
        if NO.match(sentence):
            read = sentence.strip() if not told or ANOTHER_NO.search(sentence) else ""
        else:
            read = _affirmed(sentence.strip(), later=bool(told))
        if read:
            told.append(read)
    return " ".join(told)


def _affirmed(sentence: str, *, later: bool) -> str:
    """A sentence without what it denies; `later`: another one was told before."""
    rest, kept, cut = sentence, "", False
    while found := _first(rest, before=kept, later=later):
        if UNCLEAR.match(rest, found.start()):
            return ""
        kept, cut = kept + rest[: found.start()], True
        back = TAKEN_BACK.search(rest, found.end())
        rest = rest[back.end() :] if back else ""
        kept = HANGING.sub("", kept)
        if rest.strip():
            kept = f"{kept} " if kept else ""
    if not cut:
        return sentence
    kept = HANGING.sub("", MARK.sub("", kept + rest)).strip()
    if FITS_ANY.fullmatch(kept):
        return ""
    mark = MARK.search(sentence)
    return kept + mark[0].strip() if mark else kept


def _first(text: str, *, before: str, later: bool) -> re.Match[str] | None:
    found = [EXCEPT.search(text), EXCEPT_LATER.search(text) if later else None]
    joined = EXCEPT_BEHIND_TWO_WORDS.search(text)
    if joined and len(WORDS.findall(before + text[: joined.start()])) > 1:
        found.append(joined)
    return min((match for match in found if match), key=lambda match: match.start(), default=None)
