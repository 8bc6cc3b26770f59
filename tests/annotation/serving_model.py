"""Serving as it ought to be, in a few dictionaries: who holds which text, and who answered what.

No locks, no constraints, no counters: everything is counted anew from what happened.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from labeller.annotation.audit import audit_is_due
from labeller.annotation.overlap import Overlap


@dataclass
class Hold:
    """A lease. `live` and not `open` there is none: a closed lease stays, for an answer that comes late."""

    person: int
    text: int
    source: str
    open: bool = True
    live: bool = True


@dataclass
class Said:
    person: int
    text: int
    source: str
    status: str
    lease: str


@dataclass
class Model:
    draws: dict[int, float]
    reserve_below: float
    overlap: Overlap
    golds: set[int] = field(default_factory=set)
    holds: dict[str, Hold] = field(default_factory=dict)  # by the lease's key, oldest first
    said: dict[str, Said] = field(default_factory=dict)  # every answer ever acknowledged, by its key, oldest first
    stacks: dict[tuple[int, int], list[str]] = field(default_factory=dict)  # current answer on top of what it replaced
    beyond: dict[int, int] = field(default_factory=dict)  # text -> labels that came late, when it had all it wanted

    # What there is

    def current(self) -> list[str]:
        """Keys of the current answers, in the order they were given."""
        tops = {stack[-1] for stack in self.stacks.values() if stack}
        return [key for key in self.said if key in tops]

    def labelled(self, text: int | None = None) -> list[Said]:
        """Current labels that count: not those given to gold texts."""
        found = (self.said[key] for key in self.current())
        return [one for one in found if one.status == "labelled" and one.source != "gold" and text in (None, one.text)]

    def held(self, text: int | None = None, *, live: bool = True) -> list[Hold]:
        """Open leases that count towards what a text wants."""
        return [
            hold
            for hold in self.holds.values()
            if hold.open and hold.live >= live and hold.source != "gold" and text in (None, hold.text)
        ]

    def of(self, person: int) -> dict[str, Hold]:
        return {key: hold for key, hold in self.holds.items() if hold.open and hold.person == person}

    # What may be asked

    def wanted(self, text: int, source: str) -> int:
        return self.overlap.wanted(self.draws[text], audit=source == "audit")

    def wants(self, person: int, text: int) -> bool:
        """Whether the text's own stream may hand it to this person."""
        source = "audit" if self.draws[text] < self.reserve_below else "random"
        mine = self.stacks.get((person, text)) or [hold for hold in self.of(person).values() if hold.text == text]
        return not mine and len(self.labelled(text)) + len(self.held(text)) < self.wanted(text, source)

    def open_to(self, person: int) -> tuple[set[int], set[int]]:
        """(texts of the reserve, other texts) that this person may be asked."""
        wanted = {text for text in self.draws if self.wants(person, text)}
        reserve = {text for text in wanted if self.draws[text] < self.reserve_below}
        return reserve, wanted - reserve

    def gold_for(self, person: int) -> set[int]:
        met = {said.text for said in self.said.values() if said.person == person}
        return self.golds - met - {hold.text for hold in self.of(person).values()}

    def handed_out(self) -> tuple[int, int]:
        """(texts, audit texts), as the quota counts them."""
        labelled, audit = self.labelled(), [one for one in self.labelled() if one.source == "audit"]
        if self.overlap.share is None:
            held, people = self.held(), self.overlap.people
            drawn = [hold for hold in held if hold.source == "audit"]
            return (len(labelled) + len(held)) // people, (len(audit) + len(drawn)) // people
        answered, repeated = {one.text for one in labelled}, self.repeated()
        fresh = {hold.text for hold in self.held()} - answered
        drawn_now = {hold.text for hold in self.held() if hold.source == "audit"} - answered
        return len(labelled) - repeated + len(fresh), len(audit) - repeated + len(drawn_now)

    def repeated(self) -> int:
        texts = Counter(one.text for one in self.labelled() if one.source == "audit")
        return sum(count - 1 for count in texts.values())

    def allowed(self, person: int) -> dict[str, set[int]]:
        """What the next text for this person may be, by source. Empty: there is none."""
        reserve, others = self.open_to(person)
        if not reserve and not others:
            return {}
        due = audit_is_due(*self.handed_out())
        stream = {"audit": reserve} if reserve and (due or not others) else {"random": others}
        return stream | {"gold": self.gold_for(person)}

    # What happens

    def claim(self, key: str, person: int, text: int, source: str) -> None:
        if source != "gold":
            self.forget_sleepers(text)
        self.holds[key] = Hold(person, text, source)

    def renew(self, person: int) -> None:
        for hold in self.of(person).values():
            hold.live = True

    def answer(self, key: str, lease: str, status: str) -> None:
        hold = self.holds[lease]
        late = not hold.open
        self.said[key] = Said(hold.person, hold.text, hold.source, status, lease)
        self.stacks.setdefault((hold.person, hold.text), []).append(key)
        hold.open = False
        if late and hold.source != "gold":
            room = self.wanted(hold.text, hold.source) - len(self.labelled(hold.text))
            self.beyond[hold.text] = max(self.beyond.get(hold.text, 0), -room)
            waiting = sorted(self.held(hold.text, live=False), key=lambda other: not other.live)  # by age besides
            for other in waiting[max(0, room) :]:
                other.open = False

    def may_change(self, key: str, status: str) -> bool:
        """Whether this current answer may become another; only a label in the place of a skip is one answer more."""
        said = self.said[key]
        return not self.adds_one(said, status) or self.has_room_beside(said)

    @staticmethod
    def adds_one(before: Said, status: str) -> bool:
        return before.source != "gold" and before.status != "labelled" and status == "labelled"

    def has_room_beside(self, said: Said) -> bool:
        theirs = [hold for hold in self.held(said.text) if hold.person != said.person]
        return len(self.labelled(said.text)) + len(theirs) < self.wanted(said.text, said.source)

    def change(self, key: str, new: str, status: str) -> None:
        said = self.said[key]
        if self.adds_one(said, status):
            self.forget_sleepers(said.text)
        self.said[new] = Said(said.person, said.text, said.source, status, said.lease)
        self.stacks[said.person, said.text].append(new)
        for hold in self.of(said.person).values():
            hold.open = hold.open and hold.text != said.text

    def forget_sleepers(self, text: int) -> None:
        """Whose place an answer has taken must not wake and answer too."""
        for hold in self.held(text, live=False):
            hold.open = hold.live

    def may_come_back(self, key: str) -> bool:
        """Whether the text of this current answer can be put into the same hands again."""
        said = self.said[key]
        earlier = self.stacks[said.person, said.text][:-1]
        if earlier:  # it stands again
            return self.may_change(key, self.said[earlier[-1]].status)
        if any(hold.text == said.text for hold in self.of(said.person).values()) or said.source == "gold":
            return True
        others = [one for one in self.labelled(said.text) if one is not said]
        return len(others) + len(self.held(said.text)) < self.wanted(said.text, said.source)

    def undo(self, key: str) -> None:
        said = self.said[key]
        stack = self.stacks[said.person, said.text]
        stack.remove(key)
        if stack:  # answered as before
            if self.adds_one(said, self.said[stack[-1]].status):
                self.forget_sleepers(said.text)
            return
        self.forget_sleepers(said.text)
        if not any(hold.text == said.text for hold in self.of(said.person).values()):
            mine = [hold for hold in self.holds.values() if (hold.person, hold.text) == (said.person, said.text)]
            mine[-1].open = mine[-1].live = True
