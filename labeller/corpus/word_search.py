"""Which texts of a project have these words, the best first. Ranked by BM25 on SQLite, by ts_rank on PostgreSQL."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log
from typing import Any

from django.db import connection
from django.db.models import BooleanField, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Length

from labeller.corpus.models import Document
from labeller.corpus.query import MOST_TERMS, Term, WordQuery, to_fts5, to_tsquery
from labeller.projects.models import Project

# Of more hits none is worth reading for its rank: they come in the order of their import, and are not counted.
MOST_RANKED = 10_000
FREQUENT = 2_000  # texts: what more of them have says little of any one
LOOKED_AT = 200  # texts that share most of a sentence

_FTS5 = "SELECT rowid FROM corpus_words WHERE corpus_words MATCH %s"
# The sign keeps FTS5 from looking up each text on its own.
_FTS5_RANKED = """SELECT rowid FROM corpus_words
    WHERE corpus_words MATCH %s AND +rowid IN (SELECT value FROM json_each(%s)) ORDER BY rank, rowid"""
_TSQUERY = "SELECT id FROM corpus_document WHERE project_id = %s AND words @@ to_tsquery('simple', %s)"
# By id, and not by asking for the words again: two words side by side are looked for in the text of each that has both.
_TS_RANKED = """SELECT id FROM corpus_document WHERE id = ANY(%s)
    ORDER BY ts_rank(words, to_tsquery('simple', %s), 1) DESC, id"""
_OF_EACH = "SELECT {at:d}, t{at:d}.* FROM ({matching} LIMIT {count:d}) AS t{at:d}"


@dataclass(frozen=True)
class Hits:
    ids: list[int]  # best first; in the order of import when there are too many to rank
    all_found: bool


def find_words(
    project: Project, query: WordQuery, *, texts: QuerySet[Document] | None = None, most: int = MOST_RANKED
) -> Hits:
    """The texts that fit, at most `most` of them; only of `texts`, where those are given. Two queries. None for an
    empty query."""
    if query.is_empty:
        return Hits([], all_found=True)
    if texts is None:
        found = _first(project, query, most + 1, "ORDER BY 1")
    else:
        fitting = texts.filter(has_words(project, query)).order_by("pk")
        found = list(fitting.values_list("pk", flat=True)[: most + 1])
    if len(found) > most:
        return Hits(found[:most], all_found=False)
    return Hits(_ranked(project, query, found), all_found=True)


def has_words(project: Project, query: WordQuery) -> Q:
    """As a condition on texts of this project."""
    if connection.vendor == "sqlite":
        expression = to_fts5(query, project.pk)
        return Q(pk__in=RawSQL("SELECT rowid FROM corpus_words WHERE corpus_words MATCH %s", [expression]))
    return Q(RawSQL("corpus_document.words @@ to_tsquery('simple', %s)", [to_tsquery(query)], BooleanField()))


def share_most(project: Project, words: Iterable[str], count: int) -> list[int]:
    """The `count` texts that share most of these words, a rare one counting more (Spärck Jones 1972), of equals the
    shorter. Frequent words are left out unless there are no others: to weigh all that have them would take longer than
    all the rest of a page. Four queries at most, however many words there are."""
    terms = [Term((word,)) for word in dict.fromkeys(words)][:MOST_TERMS]
    if not terms:
        return []
    shared: Counter[int] = Counter()
    for hits in _of_each(project, terms, FREQUENT + 1):
        if 0 < len(hits) <= FREQUENT:
            shared.update(dict.fromkeys(hits, log(1 + FREQUENT / len(hits))))
    if not shared:
        all_of_them, any_of_them = WordQuery(tuple((term,) for term in terms)), WordQuery((tuple(terms),))
        hits = _first(project, all_of_them, LOOKED_AT) or _first(project, any_of_them, LOOKED_AT)
        shared.update(dict.fromkeys(hits, 1.0))
    some = [pk for pk, _ in shared.most_common(LOOKED_AT)]
    lengths = dict(Document.objects.filter(pk__in=some).values_list("pk", Length("text")))
    return sorted(lengths, key=lambda pk: (-shared[pk], lengths[pk], pk))[:count]


def _first(project: Project, query: WordQuery, count: int, order: str = "") -> list[int]:
    sql, parameters = _matching(project, query)
    return _ids(f"{sql} {order} LIMIT {count:d}", parameters)


def _of_each(project: Project, terms: Sequence[Term], count: int) -> list[list[int]]:
    """Of each term the texts that have it, `count` at most. One query."""
    parts, parameters = [], []
    for at, term in enumerate(terms):
        sql, values = _matching(project, WordQuery(((term,),)))
        parts.append(_OF_EACH.format(at=at, matching=sql, count=count))
        parameters += values
    found: list[list[int]] = [[] for _ in terms]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), parameters)
        for at, pk in cursor.fetchall():
            found[at].append(pk)
    return found


def _matching(project: Project, query: WordQuery) -> tuple[str, list[Any]]:
    if connection.vendor == "sqlite":
        return _FTS5, [to_fts5(query, project.pk)]
    return _TSQUERY, [project.pk, to_tsquery(query)]


def _ranked(project: Project, query: WordQuery, ids: Sequence[int]) -> list[int]:
    """The same texts, best first. Both databases count how often each word occurs in the whole pool for it, so it is
    never asked of too many."""
    if connection.vendor == "sqlite":
        return _ids(_FTS5_RANKED, [to_fts5(query, project.pk), json.dumps(list(ids))])
    return _ids(_TS_RANKED, [list(ids), to_tsquery(query)])


def _ids(sql: str, parameters: list[Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return [pk for (pk,) in cursor.fetchall()]
