"""Which texts of a project have these words, the best first. Ranked by BM25 on SQLite, by ts_rank on PostgreSQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection

from labeller.corpus.query import WordQuery, to_fts5, to_tsquery
from labeller.projects.models import Project

# Of more hits none is worth reading for its rank: they come in the order of their import, and are not counted.
MOST_RANKED = 10_000

# Both count how often each word occurs in the whole pool, so hits that are too many to rank are never asked for a rank.
_FTS5 = "SELECT rowid FROM corpus_words WHERE corpus_words MATCH %s"
_FTS5_RANKED = "SELECT rowid FROM corpus_words WHERE corpus_words MATCH %s ORDER BY rank, rowid"
_TSQUERY = "SELECT id FROM corpus_document WHERE project_id = %s AND words @@ to_tsquery('simple', %s)"
_TSQUERY_RANKED = f"{_TSQUERY} ORDER BY ts_rank(words, to_tsquery('simple', %s), 1) DESC, id"


@dataclass(frozen=True)
class Hits:
    ids: list[int]  # best first; in the order of import when there are too many to rank
    all_found: bool


def find_words(project: Project, query: WordQuery, *, most: int = MOST_RANKED) -> Hits:
    """The texts that fit, at most `most` of them. Two queries. None for an empty query."""
    if query.is_empty:
        return Hits([], all_found=True)
    sql, parameters = _matching(project, query)
    first = _ids(f"{sql} ORDER BY 1 LIMIT {most + 1:d}", parameters)
    if len(first) > most:
        return Hits(first[:most], all_found=False)
    if connection.vendor == "sqlite":
        return Hits(_ids(_FTS5_RANKED, parameters), all_found=True)
    return Hits(_ids(_TSQUERY_RANKED, [*parameters, parameters[-1]]), all_found=True)


def every_hit(project: Project, query: WordQuery) -> list[int]:
    """All texts that fit, however many, in no order. One query."""
    return _ids(*_matching(project, query))


def _matching(project: Project, query: WordQuery) -> tuple[str, list[Any]]:
    if connection.vendor == "sqlite":
        return _FTS5, [to_fts5(query, project.pk)]
    return _TSQUERY, [project.pk, to_tsquery(query)]


def _ids(sql: str, parameters: list[Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return [pk for (pk,) in cursor.fetchall()]
