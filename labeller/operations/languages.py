"""The language of a page: chosen at its foot, kept in a cookie, and handed to the page's scripts as a catalogue."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.utils.translation import to_locale
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe
from django.views.i18n import JavaScriptCatalog, set_language

# Both for people who are not signed in as well: the page for signing in has a foot too.
choose_language = login_not_required(require_POST(set_language))
# The address names the language and the catalogue's age, so that a browser may keep what it got.
browser_words = login_not_required(
    require_safe(cache_control(private=True, max_age=86400)(JavaScriptCatalog.as_view()))
)


def catalogue_age(language: str) -> int:
    """When the scripts' words of a language were last compiled, in seconds; 0 for the language of the source."""
    for folder in settings.LOCALE_PATHS:
        compiled = folder / to_locale(language) / "LC_MESSAGES" / "djangojs.mo"
        if compiled.exists():
            return int(compiled.stat().st_mtime)
    return 0
