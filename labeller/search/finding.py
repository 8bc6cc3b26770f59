"""One list, from what was asked: the ids of its texts in their order. At most 10,000, so that a page is a slice."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import Q

from labeller.annotation.audit import reserve_below
from labeller.annotation.models import Annotation
from labeller.corpus.models import Document
from labeller.corpus.query import any_of, parse, words_of
from labeller.corpus.word_search import MOST_RANKED, every_hit, find_words
from labeller.projects.models import Membership, Project
from labeller.search.asking import Asked
from labeller.search.conditions import answers_seen, texts_asked

NEAREST = 300  # texts of like meaning worth looking through
BEST_WORDS = 5  # texts that stand for a sentence
MOST_EXAMPLES = 500  # texts that stand for a label


@dataclass(frozen=True)
class Found:
    ids: list[int]
    all_found: bool = True  # False: there are more than these
    similarity: dict[int, float] = field(default_factory=dict)
    trouble: str = ""  # why nothing could be looked for, in a sentence
    note: str = ""  # how it was looked for, where that is not plain

    @property
    def is_ranking(self) -> bool:
        """Whether the list has no end of its own: it goes on to texts ever less alike."""
        return bool(self.similarity)


def find(project: Project, membership: Membership, asked: Asked) -> Found:
    """The texts that were asked for, in the order: most alike, best words, the model's, or import."""
    said: list[int] | None = None
    if asked.asks_model:
        said = _said(project, asked)
        if said is None:
            return Found([], trouble="No model has read the texts yet. Label some first, then look for what it says.")
    if asked.asks_meaning:
        return _alike(project, membership, asked, _both(said, _fitting_words(project, asked)))
    if said is not None:
        return _in_order(project, membership, asked, _both(said, _fitting_words(project, asked)) or [])
    if not asked.words.is_empty:
        hits = find_words(project, asked.words)
        if not asked.filters:
            return Found(hits.ids, hits.all_found)
        ids = hits.ids if hits.all_found else sorted(every_hit(project, asked.words))
        return _in_order(project, membership, asked, ids)
    ids = list(texts_asked(project, membership, asked).values_list("pk", flat=True)[: MOST_RANKED + 1])
    return Found(ids[:MOST_RANKED], all_found=len(ids) <= MOST_RANKED)


def _fitting_words(project: Project, asked: Asked) -> list[int] | None:
    """None where no words are asked for."""
    return None if asked.words.is_empty else every_hit(project, asked.words)


def _both(order: list[int] | None, ids: list[int] | None) -> list[int] | None:
    """The ids of both lists in the order of the first; None asks for nothing."""
    if order is None or ids is None:
        return order if ids is None else ids
    kept = set(ids)
    return [pk for pk in order if pk in kept]


def _in_order(project: Project, membership: Membership, asked: Asked, order: list[int]) -> Found:
    """Those of `order` that fit the rest of what was asked, in that order."""
    kept = set(texts_asked(project, membership, asked, order).order_by().values_list("pk", flat=True))
    ids = [pk for pk in order if pk in kept]
    return Found(ids[:MOST_RANKED], all_found=len(ids) <= MOST_RANKED)


def _said(project: Project, asked: Asked) -> list[int] | None:
    """By what the model says. The texts set apart to measure it are never among them: who has seen what a model says
    of a text tends to agree. None before the first model."""
    from labeller.learning.bridge_answers import pool_answers  # numpy: only where it is asked for

    answers = pool_answers(project)
    if answers is None:
        return None
    least, most = (asked.least or 0) / 100, (100 if asked.most is None else asked.most) / 100
    ids: list[int] = answers.texts(asked.model_label, least=least - 0.005, most=most + 0.005).tolist()
    texts = Document.objects.filter(project=project)
    below = reserve_below(project, texts.count())
    hidden = set(texts.filter(draw__lt=below).values_list("pk", flat=True)) if below else set()
    return [pk for pk in ids if pk not in hidden]


def _alike(project: Project, membership: Membership, asked: Asked, wanted: list[int] | None) -> Found:
    """The nearest texts, of `wanted` alone where it is given. Filters are asked of the nearest first, then of ever
    more, so that a filter that leaves few costs no more than one that leaves many."""
    from labeller.learning.bridge_nearest import nearest_to

    examples, note = _examples(project, membership, asked)
    if not examples:
        return Found([], trouble=note)
    parts = nearest_to(project, examples)
    if parts is None:
        return Found([], trouble="These texts have not been read by the language model yet. Try again in a minute.")
    among_them = None if wanted is None else set(wanted)
    near: dict[int, float] = {}
    for ids, similarity in parts:
        some = ids if among_them is None else [pk for pk in ids if pk in among_them]
        # Also without filters: a text may have been deleted since it was read.
        kept = set(texts_asked(project, membership, asked, some).order_by().values_list("pk", flat=True))
        near |= {pk: how_near for pk, how_near in zip(ids, similarity, strict=True) if pk in kept}
        if len(near) >= NEAREST:
            break
    ids = list(near)[:NEAREST]
    return Found(ids, similarity={pk: near[pk] for pk in ids}, note=note)


def _examples(project: Project, membership: Membership, asked: Asked) -> tuple[list[int], str]:
    """(The texts whose meaning is looked for, what to say about them.) A typed sentence has no meaning here without
    the language model, which a page does not load: the texts that share most of its words stand for it."""
    if asked.like:
        return list(Document.objects.filter(project=project, pk__in=asked.like).values_list("pk", flat=True)), ""
    if asked.like_label:
        given = Q(labels=asked.like_label) | Q(labels__read_as=asked.like_label)
        labelled = answers_seen(project, membership).filter(given, status=Annotation.Status.LABELLED)
        newest = list(labelled.order_by("-id").values_list("document_id", flat=True)[:MOST_EXAMPLES])
        return newest, "" if newest else "No text has this label yet. Look for its words first."
    hits = find_words(project, parse(any_of(words_of(asked.typed))), most=MOST_RANKED)
    if not hits.ids:
        return [], "No text has any of these words, so there is nothing to be like. Try others."
    best = hits.ids[:BEST_WORDS]
    stand = "The text that fits" if len(best) == 1 else f"The {len(best)} texts that fit"
    return best, f"{stand} these words best stand{'s' if len(best) == 1 else ''} for their meaning."
