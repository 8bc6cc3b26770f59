"""Labelling by keyboard alone, with the answers of the demo's gold file."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DEMO = Path(__file__).resolve().parents[2] / "demo"
AUDIT_REASON = "Drawn at random, to measure the model honestly"
BOUNCE_MS = 60  # the page takes two presses within it for one

READY = f"""() => ["idle", "saved"].includes(document.getElementById("save").dataset.state)
  && document.getElementById("text").textContent && performance.now() - window.shownAt > {BOUNCE_MS}"""


def gold_by_text() -> dict[str, str]:
    """The demo's clauses and the label of each."""
    labels = {row["id"]: row["label"] for row in read("terms.gold.jsonl")}
    return {row["text"]: labels[row["id"]] for row in read("terms.jsonl")}


def read(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DEMO / name).read_text(encoding="utf-8").splitlines()]


@dataclass(frozen=True)
class Asked:
    """One text as it stood on the page, and what was said to it."""

    text: str
    reason: str
    suggested: tuple[str, int] | None  # label and per cent
    answer: str  # a label's name, "skipped" or "unsure"
    comment: str = ""

    @property
    def is_audit(self) -> bool:
        return self.reason == AUDIT_REASON


class Keyboard:
    """Answers text after text on an open labelling page; `asked` is what stands: undone answers are taken out."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.gold = gold_by_text()
        self.asked: list[Asked] = []
        self.keys: dict[str, str] = {}

    @property
    def labelled(self) -> list[Asked]:
        return [one for one in self.asked if one.answer not in ("skipped", "unsure")]

    @property
    def audit(self) -> int:
        return sum(one.is_audit for one in self.labelled)

    def begin(self) -> None:
        """On a freshly opened page: which key each label has, as its button shows it."""
        rows = self.page.locator("#labels .choice").all()
        self.keys = {row.locator(".name").inner_text(): row.locator("kbd").inner_text() for row in rows}
        assert sorted(self.keys.values()) == list("123456789")

    def label(self, comment: str = "") -> Asked:
        """Answer the text on the page by its gold label's key."""
        self._ready()
        if comment:
            self.page.keyboard.press("c")
            self.page.wait_for_function("() => document.activeElement.id === 'comment'")
            self.page.keyboard.type(comment)
            self.page.keyboard.press("Escape")
        label = self.gold[self._text()]
        return self._answer(self.keys[label], label, comment)

    def skip(self) -> Asked:
        self._ready()
        return self._answer("s", "skipped")

    def unsure(self) -> Asked:
        self._ready()
        return self._answer("u", "unsure")

    def undo(self) -> None:
        """The last answer is taken back: its text stands there again."""
        self._ready()
        undone = self.asked.pop()
        self._press("z")
        assert self._text() == undone.text

    def label_until(self, enough: Callable[[], bool]) -> None:
        while not enough():
            self.label()

    def sees_a_suggestion(self) -> bool:
        self._ready()
        return self._suggested() is not None

    def _answer(self, key: str, answer: str, comment: str = "") -> Asked:
        said = Asked(self._text(), self.page.locator("#reason").inner_text(), self._suggested(), answer, comment)
        assert said.text not in {one.text for one in self.asked}, f"asked twice: {said.text[:80]}"
        self._press(key)
        self.asked.append(said)
        return said

    def _press(self, key: str) -> None:
        """The next frame after the key shows another text, whatever the server is doing."""
        presses = self.page.evaluate("window.presses.length")
        self.page.keyboard.press(key)
        self.page.wait_for_function("count => window.presses.length > count", arg=presses)
        press = self.page.evaluate("window.presses.at(-1)")
        assert press["key"] == key and press["after"] and press["after"] != press["before"], press

    def _ready(self) -> None:
        """What was said is saved, and the text has stood there longer than a key bounces."""
        self.page.wait_for_function(READY)

    def _text(self) -> str:
        return str(self.page.locator("#text").text_content())

    def _suggested(self) -> tuple[str, int] | None:
        guess = self.page.locator("#labels .choice.guess")
        if not guess.count():
            return None
        return guess.locator(".name").inner_text(), int(guess.locator(".p").inner_text().removesuffix(" %"))
