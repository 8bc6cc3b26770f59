"""Second looks begin and end while people answer, skip and take back, in any order: the counters stay what a count of
the answers says, and an undo puts everything back."""

from __future__ import annotations

import uuid
from collections import Counter
from itertools import count

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from labeller.annotation import services
from labeller.annotation.label_changes import end_look, look_again
from labeller.annotation.models import Annotation, Lease, ServingCounter
from labeller.annotation.second_look import SecondLook
from labeller.projects.models import User
from tests.cast import add_texts, join, make_project, make_user
from tests.rolled_back import RolledBack

TEXTS, PEOPLE = 5, 3
WHO = st.integers(0, PEOPLE - 1)
STATUS = st.sampled_from(["labelled", "labelled", "skipped", "unsure"])
_numbers = count()


class SecondLooks(RolledBack):
    @initialize(on=st.sampled_from(["all", "drawn"]), people=st.integers(1, 3))
    def begin(self, on: str, people: int) -> None:
        self.project = make_project(name=f"Looks {next(_numbers)}")
        self.project.overlap, self.project.overlap_on, self.project.overlap_share = people, on, 100
        self.project.save()
        self.people = [make_user(f"looker{next(_numbers)}") for _ in range(PEOPLE)]
        for person in self.people:
            join(self.project, person)
        self.labels = list(self.project.labels.all())[:2]
        add_texts(self.project, [f"Clause {number}" for number in range(TEXTS)])

    def current(self) -> set[int]:
        return set(Annotation.objects.filter(project=self.project, superseded_at=None).values_list("pk", flat=True))

    def answer_one(self, person: User, status: str, label: int) -> Annotation | None:
        held = services.serve(project=self.project, annotator=person, count=1)
        if not held:
            return None
        asked = Lease.objects.get(key=held[0].key)
        if asked.second_look_id is not None:
            passed = Annotation.objects.filter(
                document=asked.document_id, annotator=person, created_at__gte=asked.second_look.started_at
            )
            assert not passed.exclude(status="labelled").filter(aside=True).exists()  # nobody is asked twice
        return services.answer(
            project=self.project,
            annotator=person,
            lease_key=held[0].key,
            key=uuid.uuid4(),
            status=status,
            label_ids=[self.labels[label].pk] if status == "labelled" else [],
        )

    @rule(who=WHO, status=STATUS, label=st.integers(0, 1))
    def answer(self, who: int, status: str, label: int) -> None:
        self.answer_one(self.people[who], status, label)

    @rule(who=WHO, status=STATUS, label=st.integers(0, 1))
    def answer_and_think_better_of_it(self, who: int, status: str, label: int) -> None:
        person, before = self.people[who], self.current()
        given = self.answer_one(person, status, label)
        if given is None:
            return
        lease = Lease.objects.filter(document=given.document_id, annotator=person).latest("pk")
        services.undo(project=self.project, annotator=person, key=given.key)
        assert self.current() == before
        lease.refresh_from_db()
        others = Lease.objects.filter(document=given.document_id, closed_at=None).exclude(annotator=person)
        assert lease.closed_at is None or others.exists()  # in their hands again, unless somebody else looks at it

    @rule(who=WHO)
    def undo_the_newest(self, who: int) -> None:
        try:
            services.undo(project=self.project, annotator=self.people[who])
        except services.UndoRefused:
            return

    @rule(label=st.integers(0, 1))
    def a_second_look_begins_or_ends(self, label: int) -> None:
        look = SecondLook.objects.filter(label=self.labels[label], ended_at=None).first()
        if look:
            end_look(look=look)
        else:
            look_again(project=self.project, label=self.labels[label])
        self.project.refresh_from_db()

    @invariant()
    def the_counters_count_what_there_is(self) -> None:
        answers = Annotation.objects.filter(project=self.project, superseded_at=None, status="labelled")
        served = answers.exclude(source="search")
        audit = Counter(served.filter(source="audit").values_list("document", flat=True))
        counter = ServingCounter.objects.filter(project=self.project).first() or ServingCounter()
        assert counter.labelled == served.count()
        assert counter.audit_labelled == audit.total()
        assert counter.audit_repeated == sum(number - 1 for number in audit.values())


@pytest.mark.django_db
@pytest.mark.parametrize(("runs", "steps"), [(10, 30), pytest.param(60, 50, marks=pytest.mark.slow)])
def test_whatever_is_looked_at_again_nothing_is_counted_wrong(runs: int, steps: int) -> None:
    run_state_machine_as_test(
        SecondLooks,
        settings=settings(
            max_examples=runs, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
