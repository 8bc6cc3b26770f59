"""What the test file says of the model in use, in words. Pure."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from labeller.insight.headline import Headline, figures_of, headline
from labeller.insight.measured_on import Ground
from labeller.insight.selectors import Standing
from labeller.learning.triggers import ENOUGH_AUDIT
from labeller.numerals import whole


def headline_on(standing: Standing, ground: Ground) -> Headline:
    """What the page says first, whichever texts its figures stand on."""
    test_set, current = ground.test_set, standing.current
    if test_set is None:
        return headline(standing)
    if current is None:
        return Headline(
            _("The test file is ready, and there is no model to measure yet."), _no_model(test_set.n_texts), False
        )
    if not current.n_audit:
        return Headline(
            _("Model %(number)d has not been measured on the test file yet.") % {"number": current.number},
            _(
                "That is done in the background, and this page follows. What waits is told on the page of the test "
                "file."
            ),
            False,
        )
    found = figures_of(current, is_multi=standing.is_multi, place=ground.place)
    if found is not None:
        return found
    return Headline(_("The test file is too small to measure a model."), _too_small(current.n_audit), False)


def _no_model(texts: int) -> str:
    return ngettext(
        "It has %(texts)s text. The first model appears here by itself once two kinds of label are given and a worker "
        "runs.",
        "It has %(texts)s texts. The first model appears here by itself once two kinds of label are given and a worker "
        "runs.",
        texts,
    ) % {"texts": whole(texts)}


def _too_small(texts: int) -> str:
    return ngettext(
        "It has %(texts)s text, and fewer than %(enough)d say too little. Replace it by a larger one.",
        "It has %(texts)s texts, and fewer than %(enough)d say too little. Replace it by a larger one.",
        texts,
    ) % {"texts": whole(texts), "enough": ENOUGH_AUDIT}
