"""How often a language model is right, measured against people, best on texts drawn at random."""

from __future__ import annotations

import uuid

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from labeller.annotation.machine import MachineAnnotator, MachineAnswer
from labeller.annotation.machine_selectors import Pair
from labeller.insight.machine import Tally, measure, tallies
from labeller.insight.machine_views import measures
from labeller.insight.shares import share
from labeller.projects.merging import merge_labels
from labeller.projects.models import Project, User
from tests.cast import add_texts
from tests.learning.scene import annotate

SETS = st.frozensets(st.integers(1, 3)).map(lambda labels: tuple(sorted(labels)))
PAIRS = st.lists(st.builds(Pair, st.just(7), SETS, SETS, st.booleans()), max_size=80)


def measured(pairs: list[Pair]):
    audit, every = tallies(pairs).get(7, (Tally(), Tally()))
    return measure("gpt-x", len(pairs), audit, every, [1, 2, 3])


class TestTheMeasure:
    def test_counts_texts_drawn_at_random_alone_where_there_are_enough(self) -> None:
        drawn = [Pair(7, (1,), (1,), True)] * 24 + [Pair(7, (2,), (1,), True)] * 6
        found = measured([*drawn, *[Pair(7, (1,), (2,), False)] * 100])
        assert (found.on_audit, found.share) == (True, share(24, 30))
        assert found.sentence == (
            "gpt-x gives the answer people give on 80 % of texts drawn at random (63 to 90): of 100 of its answers "
            "about 20 are wrong."
        )
        one, two = found.labels
        assert (one.true, one.given, one.precision, one.recall) == (24, 30, share(24, 30), share(24, 24))
        assert (two.true, two.given, two.precision, two.recall) == (6, 0, None, share(0, 6))

    def test_with_too_few_of_those_it_is_agreement_and_no_accuracy(self) -> None:
        found = measured([Pair(7, (1,), (1,), True)] * 29 + [Pair(7, (1,), (2,), False)] * 29)
        assert not found.on_audit and found.share == share(29, 58)
        assert "agrees with people on 50 %" in found.sentence and "not drawn at random" in found.sentence

    def test_below_thirty_texts_there_is_no_figure(self) -> None:
        found = measured([Pair(7, (1,), (1,), True)] * 29)
        assert (found.share, found.labels) == (None, [])
        assert found.sentence.startswith("gpt-x has labelled 29 texts. People have labelled 29 of them")

    @given(PAIRS)
    def test_holds_the_counts_together(self, pairs: list[Pair]) -> None:
        for tally in tallies(pairs).get(7, (Tally(), Tally())):
            assert 0 <= tally.right <= tally.texts
            for label in (1, 2, 3):
                assert tally.both[label] <= min(tally.true[label], tally.given[label]) <= tally.texts
        swapped = [Pair(7, pair.machine, pair.people, pair.is_audit) for pair in pairs]
        for row, other in zip(measured(pairs).labels, measured(swapped).labels, strict=True):
            assert (row.precision, row.recall) == (other.recall, other.precision)


@pytest.mark.django_db
class TestThePage:
    @pytest.fixture
    def both(self, project: Project, bob: User, alice: User) -> Project:
        """Bob has answered 40 texts, 32 in the audit; the model is wrong on every eighth. It labelled 10 more texts,
        of which Alice imported 5 from a file."""
        labels = {label.name: label for label in project.labels.all()}
        machine = MachineAnnotator.objects.create(project=project, name="gpt-x")
        for at, document in enumerate(add_texts(project, [f"text {at}" for at in range(50)])):
            name = ["Change", "Court"][at % 2]
            if at < 40:
                annotate(document, bob, [name], source="audit" if at < 32 else "active")
            elif at < 45:
                annotate(document, alice, ["Other"], source="import")
            answer = MachineAnswer.objects.create(
                key=uuid.uuid4(), project=project, annotator=machine, document=document
            )
            answer.labels.add(labels["Other" if at % 8 == 0 else name])
        return project

    def test_people_s_readings_are_the_measure_and_files_are_none(self, both: Project) -> None:
        [found] = measures(both, [label.pk for label in both.labels.all()])
        assert (found.answers, found.all_texts, found.audit_texts, found.share) == (50, 40, 32, share(28, 32))

    def test_every_member_sees_it_and_strangers_do_not(
        self, both: Project, rita: User, mallory: User, client_of
    ) -> None:
        address = reverse("results-machine", args=[both.slug])
        page = client_of(rita).get(address).content.decode()
        assert "gpt-x gives the answer people give on 88 % of texts drawn at random" in page
        assert "too few (4)" in page and client_of(mallory).get(address).status_code == 404

    def test_the_overview_leads_there(self, both: Project, bob: User, client_of) -> None:
        page = client_of(bob).get(reverse("project", args=[both.slug])).content.decode()
        assert "See how often they are right" in page and "50 texts" in page

    def test_merged_labels_agree(self, both: Project) -> None:
        merge_labels(project=both, labels=list(both.labels.exclude(name="Court")), into="Change")
        [found] = measures(both, [])
        assert found.share == share(32, 32)

    def test_without_any_it_says_how_to_come_by_them(self, project: Project, alice: User, client_of) -> None:
        page = client_of(alice).get(reverse("results-machine", args=[project.slug])).content.decode()
        assert "None yet." in page and reverse("import-new", args=[project.slug]) in page

    def test_it_costs_few_queries(self, both: Project, bob: User, client_of, django_assert_max_num_queries) -> None:
        client, address = client_of(bob), reverse("results-machine", args=[both.slug])
        client.get(address)
        with django_assert_max_num_queries(14):
            client.get(address)
