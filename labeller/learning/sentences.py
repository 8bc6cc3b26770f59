"""What an encoder check found, as a manager reads it."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from labeller.learning.models import EncoderCheck
from labeller.numerals import decimal, whole

LEAST_ODDS = 0.001  # below, the share of cases is only bounded


def check_sentence(check: EncoderCheck) -> str:
    """The better encoder with its figures and the paired evidence, or that none is better."""
    result = check.result
    scores: dict[str, dict[str, Any]] = {score["encoder"]: score for score in result["scores"]}
    if not check.proposed:
        return _(
            "Compared on %(texts)s texts that no model chose: no language model is better than %(current)s beyond "
            "chance."
        ) % {"texts": whole(result["texts"]), "current": check.current}
    new, old = scores[check.proposed], scores[check.current]
    names = {"new": check.proposed, "old": check.current, "texts": whole(result["texts"])}
    if result["measure"] == "macro-F1":
        lead = _(
            "%(new)s suits your labels better: on %(texts)s texts that no model chose, a macro-F1 of %(new_score)s "
            "with %(new)s and %(old_score)s with %(old)s."
        ) % (names | {"new_score": decimal(new["score"], 2), "old_score": decimal(old["score"], 2)})
    else:
        lead = _(
            "%(new)s suits your labels better: on %(texts)s texts that no model chose, %(new_right)s right with "
            "%(new)s and %(old_right)s with %(old)s."
        ) % (names | {"new_right": whole(new["right"]), "old_right": whole(old["right"])})
    return f"{lead} {_evidence(names, new)}"


def _evidence(names: dict[str, str], new: dict[str, Any]) -> str:
    """The texts on which the two differ, and how often so large a difference comes by chance."""
    told = names | {"only_new": whole(new["only_this"]), "only_old": whole(new["only_current"])}
    if new["p"] < LEAST_ODDS:
        return _(
            "%(only_new)s are right only with %(new)s, %(only_old)s only with %(old)s; so large a lead comes by "
            "chance in fewer than %(share)s%% of cases."
        ) % (told | {"share": decimal(100 * LEAST_ODDS, 1)})
    return _(
        "%(only_new)s are right only with %(new)s, %(only_old)s only with %(old)s; so large a lead comes by chance "
        "in %(share)s%% of cases."
    ) % (told | {"share": decimal(100 * new["p"], 1)})
