"""How the browser's files are stored: compressed, and named by their content, the modules that modules import too."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # whitenoise has no types
    """So that after an update no page mixes an old script with a new one from the browser's cache."""

    support_js_module_import_aggregation = True
