"""Two models on the same audit texts: how many each has right, how sure the difference is, what changed. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from labeller.insight.answers import Answer
from labeller.insight.selectors import Estimate
from labeller.insight.shares import share, sign_test
from labeller.numerals import decimal, whole

SURE = 0.05  # p below which the difference is called one


@dataclass(frozen=True)
class Pair:
    """What both said of one text whose gold both were measured by."""

    a: Answer
    b: Answer

    @property
    def gain(self) -> int:
        """Wrong labels of `a` less those of `b`: above 0 where b is better."""
        return len(self.a.wrong_labels) - len(self.b.wrong_labels)


@dataclass(frozen=True)
class Comparison:
    """Models a and b on n texts."""

    pairs: list[Pair]
    regraded: int  # common texts that people answered otherwise in between: they compare nothing

    @property
    def n(self) -> int:
        return len(self.pairs)

    @property
    def right_a(self) -> Estimate:
        return share(sum(pair.a.is_right for pair in self.pairs), self.n)

    @property
    def right_b(self) -> Estimate:
        return share(sum(pair.b.is_right for pair in self.pairs), self.n)

    @property
    def better(self) -> list[Pair]:
        """Texts on which b has fewer wrong labels, those a was surest of first."""
        return sorted((pair for pair in self.pairs if pair.gain > 0), key=lambda pair: -pair.a.sure)

    @property
    def worse(self) -> list[Pair]:
        return sorted((pair for pair in self.pairs if pair.gain < 0), key=lambda pair: -pair.b.sure)

    @property
    def p(self) -> float:
        """Two-sided sign test over the texts on which they differ; with one label a text, McNemar's."""
        return sign_test(len(self.better), len(self.worse))

    @property
    def sentence(self) -> str:
        better, worse = len(self.better), len(self.worse)
        told = {
            "odds": _("p %(p)s") % {"p": decimal(self.p, 2)} if self.p >= 0.005 else _("p below 0.01"),
            "better": whole(better),
            "worse": whole(worse),
        }
        if self.p < SURE:
            return _("The difference is larger than chance would make it (%(odds)s).") % told
        if better + worse == 0:
            if all(pair.a.predicted == pair.b.predicted for pair in self.pairs):
                return _("They make the same mistakes.")
            return _("Neither does better on any text, though their answers differ.")
        return (
            _("So small a difference may be chance (%(odds)s): %(better)s texts became better and %(worse)s worse.")
            % told
        )


def compare(a: Sequence[Answer], b: Sequence[Answer], read_as: Mapping[int, int] | None = None) -> Comparison:
    """On the texts both were measured on, where people said the same both times. Labels that were merged since are the
    same (`read_as`, from the one to the other): else the older model would lose by the merge alone."""
    a, b = ([_read(one, read_as or {}) for one in answers] for answers in (a, b))
    of_a = {one.document_id: one for one in a}
    common = [Pair(of_a[one.document_id], one) for one in b if one.document_id in of_a]
    pairs = [pair for pair in common if pair.a.gold == pair.b.gold]
    return Comparison(pairs, len(common) - len(pairs))


def _read(one: Answer, read_as: Mapping[int, int]) -> Answer:
    gold, predicted = (frozenset(read_as.get(pk, pk) for pk in labels) for labels in (one.gold, one.predicted))
    return replace(one, gold=gold, predicted=predicted)
