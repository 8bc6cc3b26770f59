"""A real browser: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings


@pytest.fixture(scope="session", autouse=True)
def static_files() -> Iterator[None]:
    """The live server starts before any test's own settings. pytest-django serves static files only for Django's own
    app of them, which ours replaces, so WhiteNoise does, from the source; it warns of a missing folder."""
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    plain = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    # A page's last request may be answered when its test, and that test's settings, are over.
    with override_settings(
        WHITENOISE_USE_FINDERS=True, WHITENOISE_AUTOREFRESH=True, STORAGES=settings.STORAGES | plain
    ):
        yield


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Skips where there is no Chromium."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("No Chromium here: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    # Playwright keeps an event loop in this thread, which Django takes for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield running
        running.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
