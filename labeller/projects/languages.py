"""The languages that a project's texts may be said to be in. Not those of the pages, which are fewer."""

from __future__ import annotations

from django.conf.locale import LANG_INFO
from django.utils.translation import get_language_info, gettext_lazy
from django.utils.translation import gettext as _

NAMED_HERE = {"no": gettext_lazy("Norwegian"), "nb": gettext_lazy("Norwegian Bokmål")}  # Django's catalogues miss these


def languages_of_texts() -> list[tuple[str, str]]:
    """(BCP 47 code, name in the page's language) by name; first the answer that nothing is known."""
    codes = (code for code, known in LANG_INFO.items() if "name" in known)  # the others are other codes for these
    found = [(code, str(NAMED_HERE.get(code) or get_language_info(code)["name_translated"])) for code in codes]
    return [("", _("Several, or not known")), *sorted(found, key=lambda one: one[1].casefold())]
