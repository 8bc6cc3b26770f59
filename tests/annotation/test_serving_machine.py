"""People are served, answer, skip, take back, fall asleep, leave and crash in any order: the database does what a
simple model says. Nothing is lost, nothing doubled, no text asked beyond what it wants, no skipped text comes back,
the audit has its part."""

from __future__ import annotations

import uuid
from datetime import timedelta
from itertools import count

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from labeller.annotation import services
from labeller.annotation.audit import audit_threshold
from labeller.annotation.gold import make_gold
from labeller.annotation.models import Annotation, Lease, ServingCounter
from labeller.annotation.overlap import Overlap
from tests.annotation.acts import let_go
from tests.annotation.serving_model import Model
from tests.cast import add_texts, join, make_project, make_user
from tests.rolled_back import RolledBack

TEXTS = st.sampled_from([2, 2, 7])  # few, so that people meet
PEOPLE = 3
WHO = st.integers(0, PEOPLE - 1)
WHICH = st.integers(0, 1_000_000)  # taken modulo the number of what there is
STATUS = st.sampled_from(["labelled", "labelled", "labelled", "skipped", "unsure"])
_numbers = count()


class Crash(Exception):
    """The process dies at this moment."""


class Serving(RolledBack):
    @initialize(
        texts=TEXTS,
        overlap=st.sampled_from([Overlap(1), Overlap(2), Overlap(2), Overlap(2, 0.5), Overlap(3, 1.0)]),
        gold=st.booleans(),
    )
    def begin(self, texts: int, overlap: Overlap, gold: bool) -> None:
        self.project = make_project(name=f"Run {next(_numbers)}")
        self.people = [make_user(f"person{next(_numbers)}") for _ in range(PEOPLE)]
        for person in self.people:
            join(self.project, person)
        self.project.overlap = overlap.people
        self.project.overlap_on = "all" if overlap.share is None else "drawn"
        self.project.overlap_share = round(100 * (overlap.share or 1))
        self.project.gold_share = 50 if gold else 0
        self.project.save()
        self.label = self.project.labels.first()
        documents = add_texts(self.project, [f"Clause {number}" for number in range(texts)])
        below = audit_threshold(texts)
        golds = [one for one in documents if one.draw >= below][:2] if gold else []
        for document in golds:
            make_gold(
                project=self.project,
                by=make_user(f"person{next(_numbers)}"),
                document=document,
                label_ids=[self.label.pk],
            )
        draws = {one.pk: one.draw for one in documents}
        self.model = Model(draws, below, overlap, {one.pk for one in golds})

    # Being served

    @rule(who=WHO)
    def serve_one_more(self, who: int) -> None:
        model, person = self.model, self.people[who]
        model.renew(who)
        before, allowed = model.of(who), model.allowed(who)
        held = services.serve(project=self.project, annotator=person, count=len(before) + 1)
        new = [text for text in held if str(text.key) not in before]
        assert [str(text.key) for text in held if str(text.key) in before] == list(before)
        if not allowed:
            assert new == []
            return
        assert len(new) == 1
        text = new[0]
        assert text.document_id in allowed.get(text.source, set()), (text.source, allowed)
        model.claim(str(text.key), who, text.document_id, text.source)

    @rule(who=WHO)
    def the_page_is_open(self, who: int) -> None:
        self.model.renew(who)
        held = services.renew(project=self.project, annotator=self.people[who])
        assert [str(text.key) for text in held] == list(self.model.of(who))

    @rule(who=WHO)
    def the_page_falls_asleep(self, who: int) -> None:
        keys = list(self.model.of(who))
        Lease.objects.filter(key__in=keys).update(expires_at=timezone.now() - timedelta(seconds=1))
        for key in keys:
            self.model.holds[key].live = False

    @rule(who=WHO, some=WHICH)
    def the_page_is_left(self, who: int, some: int) -> None:
        """The beacon names all it held, or only some of it; sometimes it is sent twice."""
        keys = list(self.model.of(who))[: some % 4]
        for _ in range(1 + some % 2):
            let_go(self.project, self.people[who], keys)
        for key in keys:
            self.model.holds[key].open = False

    # Answering

    def post(self, lease: str, key: str, status: str) -> Annotation:
        return services.answer(
            project=self.project,
            annotator=self.people[self.model.holds[lease].person],
            lease_key=uuid.UUID(lease),
            key=uuid.UUID(key),
            status=status,
            label_ids=[self.label.pk] if status == "labelled" else [],
        )

    def some_lease(self, which: int) -> str | None:
        """One in hand nine times in ten, else one that was closed long ago."""
        in_hand = [key for key, hold in self.model.holds.items() if hold.open]
        known = in_hand if in_hand and which % 10 else list(self.model.holds)
        return known[which % len(known)] if known else None

    @rule(which=WHICH, status=STATUS, posts=st.integers(1, 2))
    def answer(self, which: int, status: str, posts: int) -> None:
        """Once, or twice at once, as a double click does."""
        if lease := self.some_lease(which):
            key = str(uuid.uuid4())
            saved = {self.post(lease, key, status).pk for _ in range(posts)}
            assert len(saved) == 1
            self.model.answer(key, lease, status)

    @rule(which=WHICH)
    def an_answer_is_posted_again_after_a_lost_reply(self, which: int) -> None:
        if keys := list(self.model.said):
            key = keys[which % len(keys)]
            said = self.model.said[key]
            assert str(self.post(said.lease, key, said.status).key) == key

    @rule(which=WHICH, status=STATUS)
    def the_server_dies_before_its_commit_and_the_page_tries_again(self, which: int, status: str) -> None:
        if lease := self.some_lease(which):
            key = str(uuid.uuid4())
            with pytest.raises(Crash), transaction.atomic():
                self.post(lease, key, status)
                raise Crash
            assert not Annotation.objects.filter(key=key).exists()
            self.post(lease, key, status)
            self.model.answer(key, lease, status)

    @rule(who=WHO, texts=st.integers(1, 5))
    def label_on(self, who: int, texts: int) -> None:
        """The usual thing: one text after another."""
        for _ in range(texts):
            self.serve_one_more(who)
            if not self.say(who, "labelled"):
                return

    @rule(who=WHO, which=WHICH)
    def undo(self, who: int, which: int) -> None:
        """The newest answer, or a named one from the list of the last ones."""
        mine = [key for key in self.model.current() if self.model.said[key].person == who]
        person = self.people[who]
        if not mine:
            assert services.undo(project=self.project, annotator=person) is None
            return
        named = which % 2 == 0
        chosen = mine[which % len(mine)] if named else mine[-1]
        key = uuid.UUID(chosen) if named else None
        if not self.model.may_come_back(chosen):
            with pytest.raises(services.UndoRefused):
                services.undo(project=self.project, annotator=person, key=key)
            return
        undone = services.undo(project=self.project, annotator=person, key=key)
        assert undone is not None and str(undone.key) == chosen
        self.model.undo(chosen)
        again = services.undo(project=self.project, annotator=person, key=undone.key)  # the reply was lost
        assert again == undone

    @rule(who=WHO, which=WHICH, status=STATUS)
    def change_one_s_mind(self, who: int, which: int, status: str) -> None:
        """In the list of one's own answers."""
        if mine := [key for key in self.model.current() if self.model.said[key].person == who]:
            self.change(mine[which % len(mine)], status)

    def change(self, chosen: str, status: str) -> None:
        person = self.people[self.model.said[chosen].person]
        said = services.Said(uuid.uuid4(), status, [self.label.pk] if status == "labelled" else [])
        names = {"project": self.project, "annotator": person, "answer_key": uuid.UUID(chosen), "said": said}
        if status == self.model.said[chosen].status:
            assert str(services.change(**names).after.key) == chosen
        elif not self.model.may_change(chosen, status):
            with pytest.raises(services.AnswerRefused):
                services.change(**names)
        else:
            assert services.change(**names).after.key == said.key
            self.model.change(chosen, str(said.key), status)

    # As it goes with pages that sleep

    def say(self, who: int, status: str) -> str | None:
        """The key of an answer to the text in hand the longest; None without one."""
        if not (in_hand := self.model.of(who)):
            return None
        lease, key = next(iter(in_hand)), str(uuid.uuid4())
        self.post(lease, key, status)
        self.model.answer(key, lease, status)
        return key

    @rule(who=WHO, status=STATUS)
    def a_page_wakes_when_others_hold_its_text(self, who: int, status: str) -> None:
        self.serve_one_more(who)
        lease = next(iter(self.model.of(who)), None)
        self.the_page_falls_asleep(who)
        for other in range(PEOPLE):
            if other != who:
                self.serve_one_more(other)
        if lease:
            key = str(uuid.uuid4())
            self.post(lease, key, status)
            self.model.answer(key, lease, status)

    @rule(who=WHO, other=WHO, again=st.booleans())
    def a_skip_becomes_a_label_while_the_next_page_sleeps(self, who: int, other: int, again: bool) -> None:
        self.serve_one_more(who)
        given = self.say(who, "labelled" if again else "skipped")
        if again and given:  # a label, then a skip, and that is undone
            self.change(given, "skipped")
        self.serve_one_more(other)
        self.the_page_falls_asleep(other)
        if given and again:
            self.undo(who, 1)
        elif given:
            self.change(given, "labelled")

    # What always holds

    @invariant()
    def nothing_is_lost_and_nothing_doubled(self) -> None:
        rows = list(Annotation.objects.filter(project=self.project).values_list("key", "superseded_at"))
        assert sorted(str(key) for key, _ in rows) == sorted(self.model.said)
        assert {str(key) for key, superseded in rows if superseded is None} == set(self.model.current())

    @invariant()
    def no_text_is_beyond_what_it_wants(self) -> None:
        for text in self.model.draws:
            source = "audit" if self.model.draws[text] < self.model.reserve_below else "random"
            held = self.model.held(text, live=False)  # also by pages that sleep: they wake and answer
            taken = len(self.model.labelled(text)) + len(held)
            assert taken <= self.model.wanted(text, source) + self.model.beyond.get(text, 0)

    @invariant()
    def the_leases_are_those_of_the_model(self) -> None:
        rows = Lease.objects.filter(project=self.project, closed_at=None).values_list("key", flat=True)
        assert {str(key) for key in rows} == {key for key, hold in self.model.holds.items() if hold.open}

    @invariant()
    def the_counters_count_what_there_is(self) -> None:
        counter = ServingCounter.objects.filter(project=self.project).first() or ServingCounter()
        labelled = self.model.labelled()
        audit = [one for one in labelled if one.source == "audit"]
        assert (counter.labelled, counter.audit_labelled) == (len(labelled), len(audit))
        assert counter.audit_repeated == self.model.repeated()


@pytest.mark.django_db
@pytest.mark.parametrize(("runs", "steps"), [(12, 25), pytest.param(40, 40, marks=pytest.mark.slow)])
def test_whatever_happens_the_database_does_what_the_model_says(runs: int, steps: int) -> None:
    run_state_machine_as_test(
        Serving,
        settings=settings(
            max_examples=runs, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
