"""One project's way through the pages, by a manager who knows the right answers."""

from __future__ import annotations

import re
import time
from collections import Counter
from pathlib import Path
from typing import Any

from playwright.sync_api import expect

from benchmarks.labelled_lines import known_texts
from labeller.corpus.normalise import normalise
from tests.browser.keyboard import Asked, Keyboard
from tests.browser.shots import take
from tests.browser.walker import Walker

TRAINING_MS = 1_200_000  # a full run reads the whole pool anew, and may wait behind the other project's
BLOCK = 5  # texts labelled between two looks at the queue; a person needs longer for them than a refit does
NO_RUN_S = 30.0  # the queue knows the last label for so long, and no full run has begun

# Every state that an import and its dry run show, kept across the fragments that htmx swaps.
STATES = """
const seen = window.statesSeen = [];
addEventListener("DOMContentLoaded", () => new MutationObserver(() => {
  for (const part of document.querySelectorAll("#import-status .lead, #import-status p.num, #dry-run .notice")) {
    const words = part.innerText.trim();
    if (words && seen.at(-1) !== words && !seen.includes(words)) seen.push(words);
  }
}).observe(document.body, { subtree: true, childList: true, characterData: true }));
"""


class KnownAnswers(Keyboard):
    """Answers by keyboard from a file's own labels, found by the text on the page."""

    def __init__(self, page: Any, train: Path, *, is_multi: bool) -> None:
        super().__init__(page)
        self.is_multi = is_multi
        self.known: dict[str, list[str]] = {}
        for row in known_texts(train)[0]:  # of a text that stands twice, the import keeps the first
            self.known.setdefault(normalise(row.text), list(row.labels))
        self.label_names = list(dict.fromkeys(name for labels in self.known.values() for name in labels))

    def begin(self) -> None:
        rows = self.page.locator("#labels .choice").all()
        assert sorted(row.locator(".name").inner_text() for row in rows) == sorted(self.label_names)
        self.keys = {
            row.locator(".name").inner_text(): row.locator("kbd").inner_text()
            for row in rows
            if row.locator("kbd").count()
        }

    def gold_of(self, text: str) -> list[str]:
        return self.known[normalise(text)]

    def label(self, comment: str = "") -> Asked:
        self._ready()
        labels = self.gold_of(self._text())
        said = ", ".join(labels) or "none of these"
        if self.is_multi:
            for name in labels:
                self._tick(name)
            return self._answer("Enter" if labels else "0", said)
        if self.page.locator("#filter").count():
            return self._answer_by_filter(labels[0])
        return self._answer(self.keys[labels[0]].lower(), said)

    def _tick(self, name: str) -> None:
        self.page.keyboard.press(self.keys[name].lower())
        box = self.page.locator("#labels .choice", has=self.page.get_by_text(name, exact=True)).locator("input")
        expect(box).to_be_checked()

    def _answer_by_filter(self, name: str) -> Asked:
        asked = Asked(self._text(), self.page.locator("#reason").inner_text(), self._suggested(), name)
        if self.page.evaluate("document.activeElement.id") != "filter":
            self.page.keyboard.press("/")
        self.page.keyboard.type(name)
        first = self.page.locator("#labels .choice.first .name")
        assert first.inner_text() == name, f"Enter would take {first.inner_text()!r} where {name!r} was typed in full"
        self.page.keyboard.press("Enter")
        self.page.wait_for_function("before => document.getElementById('text').textContent !== before", arg=asked.text)
        self.asked.append(asked)
        return asked

    def _press(self, key: str) -> None:
        """As ever, but the next text may still be on its way: this hand is quicker than any person's."""
        before = self._text()
        self.page.keyboard.press(key)
        self.page.wait_for_function("before => document.getElementById('text').textContent !== before", arg=before)

    def _suggested(self) -> tuple[str, int] | None:
        guess = self.page.locator("#labels .choice.guess")
        if not guess.count():
            return None
        return guess.first.locator(".name").inner_text(), int(guess.first.locator(".p").inner_text().removesuffix(" %"))


class ProjectWalk:
    def __init__(self, walker: Walker, name: str, train: Path, is_multi: bool, folder: Path) -> None:
        self.walker, self.page, self.name, self.train, self.is_multi = walker, walker.page, name, train, is_multi
        folder.mkdir()
        self.zip_path = folder / "model.zip"
        walker.context.add_init_script(STATES)
        self.keyboard = KnownAnswers(self.page, train, is_multi=is_multi)
        self.told: dict[str, Any] = {"import_states": [], "queue": [], "runs": [], "fine_tune_now": None}

    @property
    def label_names(self) -> list[str]:
        return self.keyboard.label_names

    def make_and_map(self) -> None:
        page = self.page
        page.goto(self.walker.address + "projects/new/")
        page.get_by_label("Name", exact=True).fill(f"Real text: {self.name}")
        page.locator(f"input[name=kind][value={'multi' if self.is_multi else 'single'}]").check()
        page.get_by_role("button", name="Make the project").click()
        self.walker.go("Data")
        page.get_by_role("link", name="Import texts").first.click()
        page.get_by_label("File", exact=True).set_input_files(self.train)
        page.get_by_role("button", name="Upload and look at it").click()
        use = page.get_by_label("What to do with them")
        if use.input_value() != "names":
            with page.expect_response(lambda response: response.request.method == "POST"):
                use.select_option(label="Only add their names")
        expect(page.locator("#mapping.htmx-request")).to_have_count(0)
        page.get_by_role("button", name="Try it without importing").click()
        check = page.get_by_role("heading", name=re.compile("An import would add"))
        check.wait_for()
        self.told["dry_run"] = " · ".join(page.locator("#dry-run").inner_text().split("\n"))[:600]
        self._keep_states()
        take(page, f"{self.name}-import", whole=True)

    def import_file(self) -> None:
        self.page.get_by_role("button", name="Import", exact=True).click()
        self.page.locator("#import-status .lead", has_text="Imported.").wait_for()
        self._keep_states()
        counts = self.page.locator("#import-status dl.counts")
        self.told["imported"] = " · ".join(counts.inner_text().split("\n"))
        self.page.get_by_role("link", name="Start labelling").click()
        self.keyboard.begin()
        self._look()

    def label(self, until: int) -> None:
        """On to `until` answers; from time to time as long a pause as a refit takes, as people make without knowing."""
        while len(self.keyboard.asked) < until:
            self.keyboard.label()
            if len(self.keyboard.asked) % BLOCK == 0 and len(self.keyboard.asked) > BLOCK:
                self._wait_for_refit()

    def wait_for_order(self) -> None:
        expect(self._queue()).to_contain_text("Ordered by", timeout=TRAINING_MS)
        self._look()

    def look_at_the_labelling_page(self) -> None:
        self.keyboard._ready()
        take(self.page, f"{self.name}-label")

    def wait_for_full_runs(self) -> None:
        """Until none runs and none is due. Where none is going to begin, the button is pressed and its answer kept."""
        self.walker.go("Overview")
        idle_since = time.monotonic()
        while True:
            self._queue().wait_for()
            words = self._look()
            due = re.search(r"Next full run at (\d+) labels", words)
            if self.page.locator("#learning-status .run.failed").count() or (
                due and int(due[1]) > len(self.keyboard.asked)
            ):
                return
            if self.page.locator("#learning-status progress").count():
                idle_since = time.monotonic()
            elif time.monotonic() - idle_since > NO_RUN_S:
                return self._fine_tune_now()
            # The box asks the server every three seconds; what it says next is looked at when it has said it.
            with self.page.expect_response(lambda response: response.url.endswith("/learning/status/")):
                pass

    def read_results(self) -> None:
        self.walker.go("Results")
        self.told["results_sentence"] = self.page.locator("#standing").inner_text().split("\n")
        take(self.page, f"{self.name}-results", whole=True)
        self.walker.go_to_part("Models")
        cells = "rows => rows.map(row => [...row.cells].slice(0, 7).map(cell => cell.innerText.trim()))"
        self.told["models"] = self.page.locator("#model-table tbody tr").evaluate_all(cells)

    def take_model(self) -> None:
        """The newest promoted full model, or else the newest quick one."""
        page = self.page
        page.reload()
        full = page.locator("#model-table tbody tr", has=page.locator(".badge.full"))
        promoted = full.filter(has_text=re.compile(r"reads the texts|earlier"))
        row = (promoted if promoted.count() else page.locator("#model-table tbody tr")).first
        number, kind = row.locator("th").inner_text().split()
        self.told["taken"] = {"model": int(number), "kind": kind}
        page.get_by_role("button", name=f"Prepare a zip of model {number}", exact=True).click()
        cell = page.locator("#model-table tr", has=page.locator("th", has_text=re.compile(rf"^{number} "))).locator(
            ".zip"
        )
        link = cell.get_by_role("link", name=f"Download model {number}")
        link.wait_for(timeout=TRAINING_MS)
        self.told["taken"]["check"] = cell.locator(".checked").inner_text()
        with page.expect_download() as started:
            link.click()
        started.value.save_as(self.zip_path)

    def report(self) -> dict[str, Any]:
        """What was said on the way, counted where it repeats itself."""
        asked = self.keyboard.asked
        reasons = Counter(re.split(r" between |: ", one.reason)[0] for one in asked)
        found = Counter(one.answer for one in asked)
        suggested = [one for one in asked if one.suggested]
        return self.told | {
            "texts_labelled": len(asked),
            "audit": self.keyboard.audit,
            "reasons": dict(reasons.most_common()),
            "kinds_found": len(set(found) - {"none of these"}),
            "answers": dict(found.most_common(12)),
            "suggested": len(suggested),
            "suggested_right": sum(one.suggested[0] in one.answer.split(", ") for one in suggested if one.suggested),
        }

    def _wait_for_refit(self) -> None:
        """The queue's box says that every label has been learnt from."""
        n = len(self.keyboard.asked)
        self.keyboard._ready()
        if n > BLOCK and "Ordered by" in self._queue().inner_text():
            expect(self._queue()).to_contain_text(re.compile(rf"on {n} labels"), timeout=TRAINING_MS)
        self._look()

    def _fine_tune_now(self) -> None:
        self.page.get_by_role("button", name="Fine-tune now").click()
        notice = self.page.locator("main .notice").first
        self.page.wait_for_load_state("load")
        self.told["fine_tune_now"] = notice.inner_text() if notice.count() else "started"
        if self.told["fine_tune_now"] == "started":
            self.wait_for_full_runs()

    def _queue(self) -> Any:
        return self.page.locator("#learning-status")

    def _look(self) -> str:
        """What the queue's box says; new kinds of sentences are kept, the first and the last of each kind."""
        words = str(self._queue().inner_text())
        for line in words.split("\n"):
            where = "queue" if line.startswith("Ordered by") else "runs"
            shape = re.sub(r"[\d,.]+( s| min)?", "#", line)
            if line and shape not in [re.sub(r"[\d,.]+( s| min)?", "#", known) for known in self.told[where]]:
                self.told[where].append(line)
        return words

    def _keep_states(self) -> None:
        self.told["import_states"] += self.page.evaluate("window.statesSeen")
