"""A project's texts as its heads see them: embeddings, and where a text may have several labels its words too.

With one label a text no words are read: a tuned encoder knows them better. Where labels are rare their fixed phrases
tell more than an embedding does (docs/learner.md).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_matrix, vstack

from labeller.corpus.models import Document
from labeller.learning import artifacts
from labeller.learning.bridges.pool import KEPT, Ids, PoolArrays, draws
from labeller.projects.models import Project
from modelsvc.heads.pool_graph import sampled
from modelsvc.heads.two_views import JUDGED
from modelsvc.stores.word_store import WordStore
from modelsvc.stores.words import Words
from modelsvc.types import Embeddings, Head, Rows, Views

ATTEMPTS = 3  # another process may begin a new vocabulary between growing and loading

_words: OrderedDict[int, tuple[tuple[int, int, tuple[str, ...]], Ids, Words]] = OrderedDict()


def views_of(project: Project, pool: PoolArrays) -> Views:
    """The whole pool, row by row. With several labels a text this reads the words of texts that are new."""
    if not project.is_multi or not len(pool.ids):
        return Views(pool.X)
    ids, words = _words_of(project, pool.ids)
    if np.array_equal(ids, pool.ids):
        return Views(pool.X, words)
    # More texts have been read than this encoder has read so far; one without a row has no known word.
    blank = csr_matrix((1, len(words.vocabulary)), dtype=np.float32)
    at = np.searchsorted(ids, pool.ids)
    found = (at < len(ids)) & (ids[np.minimum(at, len(ids) - 1)] == pool.ids) if len(ids) else np.zeros(len(at), bool)
    rows = np.where(found, at, len(ids))
    return Views(pool.X, Words(words.vocabulary, vstack([words.T, blank], format="csr")[rows]))


def beside(views: Views, rows: Rows, *, seed: int) -> Views:
    """Texts of the pool that help to make a head, by what they are and never by a label.

    With several labels a text: some that are not among the labelled `rows`, at most as many as a head judges its
    thresholds by. With one: some of all, the same ones whatever is labelled, so that their graph is made once.
    """
    if views.words is None:
        return views[sampled(len(views), seed=seed)]
    free = np.setdiff1d(np.arange(len(views)), rows)
    if len(free) > JUDGED:
        free = np.sort(np.random.default_rng(seed).choice(free, JUDGED, replace=False))
    return views[free]


def words_of(project: Project, texts: Sequence[str]) -> Words | None:
    """The words of any texts as the pool's heads read them, row by row; None where they read none."""
    if not project.is_multi:
        return None
    known = WordStore(artifacts.words_folder(project.pk)).vocabulary
    return Words.of(known if len(known) else _words_of(project, draws(project.pk)[0])[1].vocabulary, texts)


def views_for(head: Head, X: Embeddings, texts: Sequence[str]) -> Views:
    """Any texts, as this head reads them."""
    return Views(X, Words.of(head.words.vocabulary, texts) if head.words is not None else None)


def _words_of(project: Project, ids: Ids) -> tuple[Ids, Words]:
    """The stored words of at least these texts, from this process's memory when nothing has come since."""
    store = WordStore(artifacts.words_folder(project.pk))
    known = _words.get(project.pk)
    if known is None or known[0] != (len(ids), int(ids[-1]), store.state):
        for _ in range(ATTEMPTS):
            store.grow(ids, _texts)
            known = ((len(ids), int(ids[-1]), store.state), *store.load())
            if np.isin(ids, known[1]).all():
                break
        assert known is not None
        _words[project.pk] = known
    _words.move_to_end(project.pk)
    while len(_words) > KEPT:
        _words.popitem(last=False)
    return known[1], known[2]


def _texts(ids: Ids) -> list[str]:
    found = dict(Document.objects.filter(pk__in=ids.tolist()).values_list("id", "text"))
    return [found.get(int(i), "") for i in ids]
