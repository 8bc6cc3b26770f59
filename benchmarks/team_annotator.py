"""One browser over a failing network, as far as the server can tell: what the labelling page and its outbox do."""

from __future__ import annotations

import http.client
import json
import random
import secrets
import time
import uuid
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

WAITS_S = (1.0, 2.0, 4.0, 8.0, 15.0)  # between tries, as in static/js/label-outbox.js
SKIPS, UNSURE, UNDOES, LEAVES = 0.03, 0.02, 0.04, 0.01
NOBODY = 60.0  # seconds until a person to whom nothing is handed out counts as done


class Lost(Exception):
    """The reply did not arrive: the request may have been carried out, or not."""


@dataclass
class Said:
    """An answer as the person knows it."""

    status: str
    label: int | None
    is_undone: bool = False

    def is_in(self, row: Any) -> bool:
        """Whether the database has it so."""
        labels = [label.pk for label in row.labels.all()]
        same = (row.status, labels) == (self.status, [] if self.label is None else [self.label])
        return same and (row.superseded_at is not None) == self.is_undone


class Annotator:
    """A session, the texts in its hands, and the answers that nobody has acknowledged yet."""

    def __init__(self, port: int, session: tuple[str, str], label_ids: list[int], *, fail: float, pace: float) -> None:
        from django.conf import settings

        key, name = session
        token = secrets.token_hex(16)
        self.port, self.label_ids, self.fail, self.pace = port, label_ids, fail, pace
        self.headers = {
            "Accept": "application/json",
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": f"{settings.SESSION_COOKIE_NAME}={key}; {settings.CSRF_COOKIE_NAME}={token}",
            "X-CSRFToken": token,
        }
        self.dice = random.Random(name)
        self.given: dict[str, Said] = {}  # by key, in the order of answering
        self.until: dict[str, str] = {}  # lease -> its expiry as told
        self.held: list[str] = []  # leases, the next to be read first
        self.outbox: list[dict[str, Any]] = []
        self.failures, self.next_try = 0, 0.0
        self.requests: Counter[str] = Counter()
        self.acts: Counter[str] = Counter()
        self.acknowledged_ms: list[float] = []
        self.connection: http.client.HTTPConnection | None = None

    def work(self, until: float) -> None:
        """Label until then, and send what is left. Raises RuntimeError when the server says no to anything."""
        idle_since = None
        while time.perf_counter() < until:
            if not self.held:
                self._ask_for_texts()
            if self.held:
                idle_since = None
                time.sleep(self.dice.uniform(0.5, 1.5) * self.pace)
                self._act()
            else:
                idle_since = idle_since or time.perf_counter()
                if time.perf_counter() - idle_since > NOBODY:
                    break
                time.sleep(0.1)
            self._flush()
        while self.outbox:
            time.sleep(max(0.0, self.next_try - time.perf_counter()))
            self._flush()

    def in_order(self, keys: list[str]) -> bool:
        """Whether the database has this person's answers in the order they were given."""
        return keys == list(self.given)

    def _act(self) -> None:
        chance = self.dice.random()
        if chance < UNDOES and self.given and not self.outbox:
            self._undo()
        elif chance < UNDOES + LEAVES and not self.outbox:
            self._leave()
        else:
            self._answer()

    def _answer(self) -> None:
        chance, key = self.dice.random(), str(uuid.uuid4())
        status = "skipped" if chance < SKIPS else "unsure" if chance < SKIPS + UNSURE else "labelled"
        label = self.dice.choice(self.label_ids) if status == "labelled" else None
        self.given[key] = Said(status, label)
        self.acts[status] += 1
        fields = {"lease": self.held.pop(0), "key": key, "status": status, "seconds": "0.6"}
        self.outbox.append(fields if label is None else fields | {"label": label})

    def _flush(self) -> None:
        """Oldest first; a lost one is tried again after a pause, and the others wait behind it."""
        while self.outbox and time.perf_counter() >= self.next_try:
            began = time.perf_counter()
            try:
                reply = self._post("answer", self.outbox[0])
            except Lost:
                self.next_try = time.perf_counter() + WAITS_S[min(self.failures, len(WAITS_S) - 1)]
                self.failures += 1
                return
            self.acknowledged_ms.append(1000 * (time.perf_counter() - began))
            self.failures = 0
            self.outbox.pop(0)
            self._take(reply)

    def _undo(self) -> None:
        """The newest answer that stands. Repeated with its key until the server says what became of it."""
        key = next((key for key in reversed(self.given) if not self.given[key].is_undone), None)
        if key is None:
            return
        reply = self._until_heard("undo", {"key": key})
        if "error" in reply:
            self.acts["undo refused"] += 1
            return
        self.given[key].is_undone = True
        self.acts["undone"] += 1
        self.held = []
        self._take(reply)

    def _leave(self) -> None:
        """The beacon is sent once, and may be lost; then the texts come back when their leases expire."""
        self.acts["left"] += 1
        with suppress(Lost):
            self._post("leave", {"held": [f"{lease} {self.until[lease]}" for lease in self.held]})
        self.held = []

    def _ask_for_texts(self) -> None:
        with suppress(Lost):
            self._take(self._post("next", {}))

    def _take(self, reply: dict[str, Any]) -> None:
        """What is in hand, but for what waits to be sent: the server has not heard of it."""
        answered = {fields["lease"] for fields in self.outbox}
        self.until |= {text["lease"]: text["until"] for text in reply["texts"]}
        self.held = [text["lease"] for text in reply["texts"] if text["lease"] not in answered]

    def _until_heard(self, name: str, fields: dict[str, Any]) -> dict[str, Any]:
        for wait in (*WAITS_S, *WAITS_S):
            try:
                return self._post(name, fields)
            except Lost:
                time.sleep(wait)
        raise RuntimeError(f"{name}: no reply after ten tries")

    def _post(self, name: str, fields: dict[str, Any]) -> dict[str, Any]:
        """Raises Lost, by chance or where the server's reply did not arrive, and RuntimeError for a refusal."""
        path, body = f"/p/bench/label/{name}/", urlencode(fields, doseq=True)
        fate = self.dice.choice(["cut", "unheard", "thrown away"]) if self.dice.random() < self.fail else "heard"
        self.requests[fate] += 1
        if fate == "cut":
            self._cut(path, body)
        try:
            self.connection = self.connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
            self.connection.request("POST", path, body, self.headers)
            if fate == "unheard":
                raise Lost
            response = self.connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException, Lost) as problem:
            self._hang_up()
            self.requests["failed by themselves"] += not isinstance(problem, Lost)
            raise Lost from problem
        if fate == "thrown away":
            raise Lost
        if response.status not in (200, 204) and not (name == "undo" and response.status == 422):
            raise RuntimeError(f"{name}: {response.status} {content[:300]!r}")
        reply: dict[str, Any] = json.loads(content) if content else {}
        return reply

    def _cut(self, path: str, body: str) -> None:
        """The server gets the head and a part of the body, then nothing more."""
        self._hang_up()
        torn = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with suppress(OSError):
            torn.putrequest("POST", path)
            for header, value in {**self.headers, "Content-Length": str(len(body) + 40)}.items():
                torn.putheader(header, value)
            torn.endheaders(body.encode())
        torn.close()
        raise Lost

    def _hang_up(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None
