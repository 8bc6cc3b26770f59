"""Somebody at a real browser of their own, whose every complaint is kept."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urljoin

PATIENCE_MS = 60_000  # for a page or a control; what trains is waited for longer where it is waited for
WIDE = {"width": 1280, "height": 860}

# Runs in each page before its own scripts: policy breaches reach the console, and each key press is followed into the
# next frame, in which the labelling page has to show another text.
WATCH = """
addEventListener("securitypolicyviolation", (breach) =>
  console.error(`policy: ${breach.violatedDirective} ${breach.blockedURI} at ${breach.sourceFile}`));
window.presses = [];
window.shownAt = performance.now();
const words = () => document.getElementById("text")?.textContent;
let seen;
const look = () => { if (words() !== seen) { seen = words(); window.shownAt = performance.now(); } };
addEventListener("DOMContentLoaded", () => {
  look();
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
});
addEventListener("keydown", (event) => {
  if (event.target.closest("input, textarea")) return;
  const before = words();
  requestAnimationFrame(() => window.presses.push({ key: event.key, before, after: words() }));
}, true);
"""


class Walker:
    """One person, one browser context, one page."""

    def __init__(self, browser: Any, address: str) -> None:
        self.address = address
        self.complaints: list[str] = []
        self.context = browser.new_context(viewport=WIDE, color_scheme="light", accept_downloads=True)
        self.context.set_default_timeout(PATIENCE_MS)
        self.context.add_init_script(WATCH)
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("console", self._console)
        self.page.on("requestfailed", self._failed)
        self.page.on("response", self._answered)

    def sign_in(self, name: str, password: str) -> None:
        self.page.goto(self.address)
        self.page.get_by_label("Username").fill(name)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_role("heading", name="Projects", level=1).wait_for()

    def go(self, name: str) -> None:
        """By the bar on top, as people do."""
        named = re.compile(rf"^{name}( [\d,]+ waiting)?$")
        self.page.get_by_role("navigation", name="Project").get_by_role("link", name=named).click()
        self.page.wait_for_load_state("load")

    def go_to_part(self, name: str) -> None:
        """Of the results."""
        self.page.get_by_role("navigation", name="Results").get_by_role("link", name=name, exact=True).click()
        self.page.wait_for_load_state("load")

    def get_json(self, path: str) -> Any:
        """What the server answers to this person's browser."""
        answer = self.context.request.get(urljoin(self.address, path))
        assert answer.ok, f"{path}: {answer.status}"
        return answer.json()

    def heading_number(self, pattern: str) -> re.Match[str] | None:
        return re.search(pattern, self.page.locator("#standing h1").inner_text())

    def _console(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type}: {message.text} ({message.location.get('url')})")

    def _failed(self, request: Any) -> None:
        # A poll cut off by leaving its page, or a link that became a download, is reported as an aborted GET.
        if request.failure != "net::ERR_ABORTED" or request.method != "GET":
            self.complaints.append(f"failed: {request.method} {request.url} {request.failure}")

    def _answered(self, response: Any) -> None:
        if response.status >= 400:
            self.complaints.append(f"status {response.status}: {response.request.method} {response.url}")
