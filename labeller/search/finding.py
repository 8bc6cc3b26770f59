"""One list, from what was asked: the ids of its texts in their order. At most 10,000, so that a page is a slice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from labeller.annotation.audit import reserve_below
from labeller.annotation.models import Annotation
from labeller.corpus.models import Document
from labeller.corpus.query import indexed_words
from labeller.corpus.word_search import MOST_RANKED, find_words, has_words, share_most
from labeller.projects.models import Membership, Project
from labeller.search.asking import Asked
from labeller.search.conditions import answers_seen, texts_asked

NEAREST = 300  # texts of like meaning worth looking through
BEST_WORDS = 5  # texts that stand for a sentence
PART = 2_000  # texts that the filters are asked of at first
MOST_EXAMPLES = 500  # texts that stand for a label


@dataclass(frozen=True)
class Found:
    ids: list[int]
    all_found: bool = True  # False: there are more than these
    similarity: dict[int, float] = field(default_factory=dict)
    by_words: frozenset[int] = frozenset()  # of these the ones that come first for their words
    trouble: str = ""  # why nothing could be looked for, in a sentence
    note: str = ""  # how it was looked for, where that is not plain

    @property
    def is_ranking(self) -> bool:
        """Whether the list has no end of its own: it goes on to texts ever less alike."""
        return bool(self.similarity or self.by_words)


def find(project: Project, membership: Membership, asked: Asked) -> Found:
    """The texts that were asked for, in the order: most alike, the model's, best words, or import."""
    if asked.lacks_words:
        return Found([], trouble=_("Only letters and digits are looked for, and there are none in what you typed."))
    said: list[int] | None = None
    if asked.asks_model:
        said = _said(project, asked)
        if said is None:
            return Found(
                [], trouble=_("No model has read the texts yet. Label some first, then look for what it says.")
            )
    if asked.asks_meaning:
        return _alike(project, membership, asked, said)
    if said is not None:
        return _in_order(project, membership, asked, said)
    if not asked.words.is_empty:
        of = texts_asked(project, membership, asked) if asked.filters else None
        hits = find_words(project, asked.words, texts=of)
        return Found(hits.ids, hits.all_found)
    ids = list(texts_asked(project, membership, asked).values_list("pk", flat=True)[: MOST_RANKED + 1])
    return Found(ids[:MOST_RANKED], all_found=len(ids) <= MOST_RANKED)


def _fitting(
    project: Project, membership: Membership, asked: Asked, ids: Sequence[int] | None = None
) -> QuerySet[Document, int]:
    """The ids that fit the words and the filters; of these alone, where they are given."""
    texts = texts_asked(project, membership, asked, ids).order_by()
    if not asked.words.is_empty:
        texts = texts.filter(has_words(project, asked.words))
    return texts.values_list("pk", flat=True)


def _in_order(project: Project, membership: Membership, asked: Asked, order: list[int]) -> Found:
    """Those of `order` that fit the rest of what was asked, in that order: looked at in growing parts, until there are
    enough."""
    ids: list[int] = []
    start, size = 0, PART
    while start < len(order) and len(ids) <= MOST_RANKED:
        part = order[start : start + size]
        kept = set(_fitting(project, membership, asked, part))
        ids += [pk for pk in part if pk in kept]
        start, size = start + size, 4 * size
    return Found(ids[:MOST_RANKED], all_found=len(ids) <= MOST_RANKED)


def _said(project: Project, asked: Asked) -> list[int] | None:
    """By what the model says. The texts set apart to measure it are never among them: who has seen what a model says
    of a text tends to agree. None before the first model."""
    from labeller.learning.bridges.answers import pool_answers  # numpy: only where it is asked for

    answers = pool_answers(project)
    if answers is None:
        return None
    least, most = (asked.least or 0) / 100, (100 if asked.most is None else asked.most) / 100
    ids: list[int] = answers.texts(asked.model_label, least=least - 0.005, most=most + 0.005).tolist()
    texts = Document.objects.filter(project=project)
    below = reserve_below(project, texts.count())
    hidden = set(texts.filter(draw__lt=below).values_list("pk", flat=True)) if below else set()
    return [pk for pk in ids if pk not in hidden]


def _alike(project: Project, membership: Membership, asked: Asked, said: list[int] | None) -> Found:
    """The nearest texts, of `said` alone where it is given. The rest of what was asked is asked of the nearest first;
    where too few of them fit, of all texts: they are few, then."""
    from labeller.learning.bridges.nearest import nearness_to

    examples, note = _examples(project, membership, asked)
    if not examples:
        return Found([], trouble=note)
    near = nearness_to(project, examples)
    if near is None:
        return Found([], trouble=_("These texts have not been read by the language model yet. Try again in a minute."))
    if said is not None:
        near = near.among(said)
    by_words = [] if asked.has_examples else _by_words(project, membership, asked, examples, said)
    first = near.first(PART)
    # Also without filters: a text may have been deleted since it was read.
    kept = set(_fitting(project, membership, asked, list(first)))
    if len(kept) < NEAREST and len(first) < len(near):
        kept = set(_fitting(project, membership, asked))
        first = near.among(kept).first(NEAREST)
    similarity = dict(islice(((pk, how_near) for pk, how_near in first.items() if pk in kept), NEAREST))
    return Found([*by_words, *similarity], similarity=similarity, by_words=frozenset(by_words), note=note)


def _by_words(
    project: Project, membership: Membership, asked: Asked, examples: list[int], said: list[int] | None
) -> list[int]:
    """The texts that stand for a typed sentence, of those that were asked for: nobody has seen them, and none fits
    better. Examples that somebody chose are known, and left out."""
    kept = set(_fitting(project, membership, asked, examples))
    if said is not None:
        kept.intersection_update(said)
    return [pk for pk in examples if pk in kept]


def _examples(project: Project, membership: Membership, asked: Asked) -> tuple[list[int], str]:
    """(The texts whose meaning is looked for, what to say about them.) A typed sentence has no meaning here without
    the language model, which a page does not load: the texts that share most of its words stand for it."""
    if asked.like:
        return list(Document.objects.filter(project=project, pk__in=asked.like).values_list("pk", flat=True)), ""
    if asked.like_label:
        given = Q(labels=asked.like_label) | Q(labels__read_as=asked.like_label)
        labelled = answers_seen(project, membership).filter(given, status=Annotation.Status.LABELLED)
        newest = list(labelled.order_by("-id").values_list("document_id", flat=True)[:MOST_EXAMPLES])
        return newest, "" if newest else _("No text has this label yet. Look for its words first.")
    best = share_most(project, indexed_words(asked.typed), BEST_WORDS)
    if not best:
        return [], _("No text has any of these words, so there is nothing to be like. Try others.")
    note = ngettext(
        "The text that shares most of these words stands for their meaning. It comes first.",
        "The %(n)s texts that share most of these words stand for their meaning. They come first.",
        len(best),
    )
    return best, note % {"n": len(best)}
