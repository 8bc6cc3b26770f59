"""Why a line or a file is not taken: each sentence once. Kept in English with the import, told in the page's language
where it is shown; so a reader formats one of these, and no other module writes such a sentence."""

from __future__ import annotations

from labeller.corpus.encodings import ENCODINGS
from labeller.retelling import gettext_noop, retold

# Of a row.
NO_COLUMN = gettext_noop("there is no '%(column)s' in this row")
NO_STRING = gettext_noop("'%(column)s' is not a string")
EMPTY_TEXT = gettext_noop("the text is empty")
LONG_TEXT = gettext_noop("the text has %(found)s characters; at most %(most)s are taken")
ODD_ID = gettext_noop("the id is neither a string nor a number")
LONG_ID = gettext_noop("the id has %(found)s characters; at most %(most)s are taken")
SEVERAL_LABELS = gettext_noop("%(found)s labels (%(names)s), but this project takes one label a text")
LONG_LABEL = gettext_noop("a label of %(found)s characters; at most %(most)s are taken")
ODD_LABEL = gettext_noop("the label is neither a string nor a list of strings")
LONG_METADATA = gettext_noop("the metadata take %(found)s characters; at most %(most)s are kept")
THE_TEXT, THE_ID = gettext_noop("the text"), gettext_noop("the id")
A_LABEL, THE_METADATA = gettext_noop("a label"), gettext_noop("the metadata")
NUL = gettext_noop("%(what)s contains a NUL character; the encoding may be another one")
HALF_A_PAIR = gettext_noop("%(what)s contains half of a surrogate pair, which is no character")

# Of a line.
LONG_LINE = gettext_noop("the line has more than %(most)s characters")
WRONG_BYTES = gettext_noop(
    "byte %(byte)s at character %(at)s and %(more)s more is not %(encoding)s; "
    "choose the file's encoding, or correct the line"
)
WRONG_BYTE = gettext_noop(
    "byte %(byte)s at character %(at)s is not %(encoding)s; choose the file's encoding, or correct the line"
)

# Of a table.
RUNS_ON = gettext_noop("%(reason)s (the row runs to line %(line)s)")
QUOTES_NEEDED = gettext_noop("%(reason)s; a delimiter inside a cell needs the cell in quotes")
ONE_COLUMN = gettext_noop("1 column, but the header has %(expected)s")
FEW_COLUMNS = gettext_noop("%(found)s columns, but the header has %(expected)s")
ONE_CELL = gettext_noop("1 column, but the first row has %(expected)s")
FEW_CELLS = gettext_noop("%(found)s columns, but the first row has %(expected)s")
LONG_CELL = gettext_noop("a cell has more than %(most)s characters; perhaps a quote is never closed")
OPEN_QUOTE = gettext_noop("a quote is opened and never closed")
BARE_QUOTE = gettext_noop("a quote inside a quoted cell is not doubled")
NO_CSV = gettext_noop("not readable as CSV: %(reason)s")

# Of JSON.
NO_JSON_AT = gettext_noop("not valid JSON at character %(at)s: %(reason)s")
NO_JSON = gettext_noop("not valid JSON: %(reason)s")
NO_VALUE = gettext_noop("a value is expected, such as a text in double quotation marks")
NO_NAME = gettext_noop("a name in double quotation marks is expected")
NO_COLON = gettext_noop("a colon is expected")
NO_COMMA = gettext_noop("a comma or a closing bracket is expected")
LAST_COMMA = gettext_noop("no comma may stand before a closing bracket")
MORE_BEHIND = gettext_noop("the object has ended, and something more follows")
OPEN_STRING = gettext_noop("a quotation mark is opened and never closed")
CONTROL_CHARACTER = gettext_noop("a tab or another control character stands within quotation marks")
ODD_CODE = gettext_noop("four digits of a character's code are expected behind \\u")
ODD_ESCAPE = gettext_noop("a single backslash; a backslash in a text is written as two")
ODD_JSON = gettext_noop("it cannot be read from here on")
TOO_DEEP = gettext_noop("it is nested too deeply")
MANY_DIGITS = gettext_noop("a number has too many digits")
NO_NUMBER = gettext_noop("%(name)s is no JSON number")
LARGE_NUMBER = gettext_noop("%(number)s is too large a number")
NO_OBJECT = gettext_noop("a JSON %(kind)s, but an object is needed")
KINDS = {
    list: gettext_noop("list"),
    str: gettext_noop("string"),
    int: gettext_noop("number"),
    float: gettext_noop("number"),
    bool: gettext_noop("truth value"),
}

# Of labels and of test files.
UNKNOWN_LABEL_OF_MANY = gettext_noop(
    "label '%(name)s' is not in this project; known labels: %(known)s and %(more)s more"
)
UNKNOWN_LABEL = gettext_noop("label '%(name)s' is not in this project; known labels: %(known)s")
NONE_YET = gettext_noop("none yet")
MANY_LABELS = gettext_noop("label '%(name)s' would be number %(number)s; a project has at most %(most)s")
NO_LABEL = gettext_noop("it has no label, and without one it measures nothing")
IN_THE_POOL = gettext_noop("the text is in the pool, where it teaches or may teach: it cannot measure as well")
IN_A_TEST_SET = gettext_noop(
    "the text is in the test set %(name)s, which only measures: in the pool it would teach as well"
)
TOO_MANY = gettext_noop("the test set has %(most)s texts already, and more are not taken")

# Of a file.
NAMELESS = gettext_noop("Line %(line)s should name the columns: %(reason)s.")
ONE_LIST = gettext_noop("%(file)s holds one JSON list. Save it as JSON Lines, one object a line, and upload that.")
NO_TEXT_FILE = gettext_noop(
    "%(file)s is no text: %(found)s of its first %(of)s characters are control characters. "
    "Save it as CSV, JSON Lines or plain text, and upload that."
)
OTHER_FORMAT = gettext_noop("%(file)s is %(what)s. Save it as CSV, JSON Lines or plain text, and upload that.")
TOO_LARGE = gettext_noop(
    "%(file)s has more than %(found)s MB; at most %(most)s MB can be uploaded. "
    "Split it, or ask the server's owner to import it by command."
)
EMPTY_FILE = gettext_noop("%(file)s is empty. Choose a file with at least one text.")
NO_ROWS = gettext_noop("%(file)s has no rows. Choose a file with at least one text.")
GONE = gettext_noop("The uploaded file %(file)s is no longer there. Upload it again.")
NOTHING_TAKEN = gettext_noop("No line of it could be taken, so it is no test set. The reasons are listed below.")
KILLED = gettext_noop(
    "The worker was killed %(times)s times while it imported this file, last behind row %(row)s. "
    "What was imported until then has stayed."
)
# What a file is instead.
EXCEL, PARQUET = gettext_noop("an Excel file or another zip"), gettext_noop("a Parquet file")
OLD_OFFICE, PDF = gettext_noop("an old Excel or Word file"), gettext_noop("a PDF")
GZIP, PICTURE = gettext_noop("a gzipped file"), gettext_noop("a picture")
UNREADABLE = gettext_noop("No row of this file can be read this way. Try another format or encoding.")
STOPPED = gettext_noop("It stopped behind row %(row)s: %(error)s.")

# In this order: a sentence with something more in it before the one without.
TABLE = [value for name, value in list(globals().items()) if name.isupper() and isinstance(value, str)]
TABLE += [*KINDS.values(), *ENCODINGS.values()]


def in_words(stored: str) -> str:
    """A stored reason in the page's language."""
    return retold(stored, TABLE)
