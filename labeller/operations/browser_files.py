"""Which static files there are."""

from __future__ import annotations

from django.contrib.staticfiles.apps import StaticFilesConfig


class BrowserFilesConfig(StaticFilesConfig):
    """Django's static files without htmx's extensions: we do not use them, and their comments mention modules that are
    not there, for which HashedStorage would look."""

    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "django_htmx/ext/*"]  # noqa: RUF012  # Django's own custom
