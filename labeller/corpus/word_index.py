"""The index of words beside the texts, in the database's own full text search: made by a migration, kept by the
database itself, so that no import, script or bulk insert can forget it.

SQLite: an FTS5 table that stores no text, three triggers, and a function that each connection is given. PostgreSQL: a
generated column and a GIN index. Neither stems nor knows a language: texts here are of any, and lawyers look for the
word as it stands. Capitals do not count, accents do; how Unicode writes a word does not (labeller/corpus/folding.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from labeller.corpus.folding import APART, MARKS, SOFT_HYPHEN, UNSPACED, fold

# Words are letters, digits and marks. The prefixes kept ready make "li*" as quick as a word.
_FTS5 = """CREATE VIRTUAL TABLE corpus_words USING fts5(
    text, project_id, content='', prefix='2 3',
    tokenize="unicode61 remove_diacritics 0 categories 'L* N* M* Co'")"""
_RANKED_BY_TEXT_ALONE = "INSERT INTO corpus_words(corpus_words, rank) VALUES ('rank', 'bm25(1.0, 0.0)')"
_FORGET = "INSERT INTO corpus_words(corpus_words) VALUES ('delete-all')"
_MERGE = "INSERT INTO corpus_words(corpus_words, rank) VALUES ('merge', %s)"
_READ = """INSERT INTO corpus_words(rowid, text, project_id)
    SELECT id, labeller_fold(text), project_id FROM corpus_document"""
_ADD = "INSERT INTO corpus_words(rowid, text, project_id) VALUES (new.id, labeller_fold(new.text), new.project_id);"
_REMOVE = """INSERT INTO corpus_words(corpus_words, rowid, text, project_id)
    VALUES ('delete', old.id, labeller_fold(old.text), old.project_id);"""
_TRIGGERS = {
    "corpus_words_added": f"AFTER INSERT ON corpus_document BEGIN {_ADD} END",
    "corpus_words_removed": f"AFTER DELETE ON corpus_document BEGIN {_REMOVE} END",
    "corpus_words_changed": f"AFTER UPDATE OF text, project_id ON corpus_document BEGIN {_REMOVE} {_ADD} END",
}

MERGED_AT_ONCE = 250  # pages of 4 kB: whoever wants to write waits a twentieth of a second

# Its parser makes one token of "and/or" or of a web address, and leaves out what looks like a tag. Here punctuation
# parts words, as it does for FTS5.
PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
# What labeller.corpus.folding does. The soft hyphen, last, has nothing to be translated to and is left out.
FOLDED = (
    f"regexp_replace(normalize(translate(text, '{APART}{SOFT_HYPHEN}', repeat('''', {len(APART)})), NFKC),"
    f" '([{UNSPACED}][{MARKS}]*)', ' \\1 ', 'g')"
)
_VECTOR = "to_tsvector('simple', translate({}, '{}', repeat(' ', {})))".format(
    FOLDED, PUNCTUATION.replace("'", "''"), len(PUNCTUATION)
)


def create(database: BaseDatabaseWrapper) -> None:
    """Index the texts there are, and from now on all others. Does nothing on a database of another kind."""
    with database.cursor() as cursor:
        if database.vendor == "sqlite":
            cursor.execute(_FTS5)
            cursor.execute(_RANKED_BY_TEXT_ALONE)
            _write_triggers(cursor)
            cursor.execute(_READ)
        elif database.vendor == "postgresql":
            cursor.execute(f"ALTER TABLE corpus_document ADD words tsvector GENERATED ALWAYS AS ({_VECTOR}) STORED")
            cursor.execute("CREATE INDEX document_words ON corpus_document USING gin (words)")


def drop(database: BaseDatabaseWrapper) -> None:
    with database.cursor() as cursor:
        if database.vendor == "sqlite":
            for name in _TRIGGERS:
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
            cursor.execute("DROP TABLE IF EXISTS corpus_words")
        elif database.vendor == "postgresql":
            cursor.execute("ALTER TABLE corpus_document DROP COLUMN IF EXISTS words")


def mend(database: BaseDatabaseWrapper) -> bool:
    """Put lost triggers back and read all texts again. Django changes an SQLite table by copying it and dropping the
    old one, and the triggers go with that. True when there was something to mend."""
    if database.vendor != "sqlite":
        return False
    with database.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE name LIKE %s", ["corpus_words%"])
        found = {name for (name,) in cursor.fetchall()}
        if "corpus_words" not in found or found >= set(_TRIGGERS):
            return False
        _write_triggers(cursor)
        cursor.execute(_FORGET)
        cursor.execute(_READ)
    return True


def forget_deleted() -> Iterator[None]:
    """Wipe the words of deleted texts out of the index, a short write at each step. FTS5 notes a deletion and keeps the
    words, and where in the text they stood, until it merges what it has written; so all of it is merged. PostgreSQL
    keeps them as long as the rows, until it vacuums."""
    database = connections[DEFAULT_DB_ALIAS]
    if database.vendor != "sqlite":
        return
    pages = -MERGED_AT_ONCE  # with the sign it begins to merge all, without it goes on
    with database.cursor() as cursor:
        while True:
            before = database.connection.total_changes
            cursor.execute(_MERGE, [pages])
            if database.connection.total_changes - before < 2:  # FTS5's own way to say that nothing is left
                return
            yield
            pages = MERGED_AT_ONCE


def connect(connection: BaseDatabaseWrapper, **_: object) -> None:
    """Give a connection the function that the triggers call. Without it no text can be added or deleted, so that a
    program other than this one leaves no index behind that lies."""
    if connection.vendor == "sqlite":
        connection.connection.create_function("labeller_fold", 1, fold, deterministic=True)


def after_migrate(using: str, **_: object) -> None:
    mend(connections[using])


def _write_triggers(cursor: Any) -> None:
    for name, what in _TRIGGERS.items():
        cursor.execute(f"CREATE TRIGGER IF NOT EXISTS {name} {what}")
