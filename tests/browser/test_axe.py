"""Every page of the product, looked at by axe in light and dark: nothing serious or critical."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django.live_server_helper import LiveServer

from tests.browser.walker import Walker
from tests.cast import PASSWORD
from tests.scenery import Seen, scenery  # noqa: F401  # a fixture

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# Addresses that answer with no page of their own: writes, parts that are swapped into a page, files, data.
NO_PAGES = {
    *("healthz", "language", "browser-words", "label-colours", "invitation-accept", "invitation-account"),
    *("project-bring-back", "projects-archived"),
    *("label-add", "label-move", "member-invite", "member-role"),
    *("import-run", "import-cancel", "import-status", "import-refused", "export-labels"),
    *("label-next", "label-answer", "label-undo", "label-status", "label-leave"),
    *("learning-status", "run-start", "embed-start", "run-cancel"),
    *("encoder-status", "encoder-compare", "encoder-decide"),
    *("model-export", "model-pin", "model-unpin", "model-serve", "model-stay", "model-retire"),
    *("model-delete", "models-delete"),
    "model-download",
    *("results-figures", "results-outlook", "results-curve", "results-csv", "results-reliability"),
    *("results-models-live", "results-loss", "results-snapshot", "results-effort-live", "results-effort-csv"),
    "results-report-file",
    *("notices", "notices-put-away", "notice-test", "notice-deliveries"),
    *("label-words", "label-guidelines", "gold-add", "gold-take-back", "gold-share"),
    *("search-label", "search-like", "search-undo", "search-go-on", "review-waiting", "search-starts"),
    *("review-decide", "review-keep", "review-undo", "weighing-status", "weigh"),
    *("test-measure", "results-test-live", "results-newer", "results-run-loss", "results-run-log"),
}
WITHOUT_MAIL = {"account_reset_password", "account_reset_password_done"}  # as this installation is


def test_nothing_serious_is_found_on_any_page(
    browser: Any,
    live_server: LiveServer,
    scenery: list[Seen],  # noqa: F811
) -> None:
    alice, nobody = Walker(browser, live_server.url), Walker(browser, live_server.url)
    alice.sign_in("alice", PASSWORD)
    found = []
    for seen in scenery:
        seen.given()
        page = nobody.page if seen.nobody else alice.page
        page.goto(live_server.url + seen.path, wait_until="load")
        if seen.then:
            page.locator("#text").wait_for()
            page.keyboard.press(seen.then)
            page.wait_for_load_state("networkidle")
        found += [(seen.name + seen.then, *complaint) for complaint in complaints(page)]
    assert found == [], "\n".join(map(str, found))


def complaints(page: Any) -> Iterator[tuple[str, str, str]]:
    """(light or dark, axe's rule, the first place) of each."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # no colour on its way to another
        for each in Axe().run(page).response["violations"]:
            if each["impact"] in ("serious", "critical"):
                yield scheme, each["id"], each["nodes"][0]["html"]


def test_every_address_is_looked_at_or_is_no_page(scenery: list[Seen]) -> None:  # noqa: F811
    looked_at = {seen.name for seen in scenery}
    assert set(names(get_resolver())) - looked_at - NO_PAGES - WITHOUT_MAIL == set()


def names(resolver: URLResolver) -> Iterator[str]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLPattern):
            yield pattern.name or "healthz"
        else:
            yield from names(pattern)
