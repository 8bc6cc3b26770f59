"""Which audit answers are a uniform sample of today's pool, and how the audit catches up with a later import."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeller.annotation.audit_sample import AuditSample, even_below, passed_over, sample_of_today
from labeller.annotation.models import Annotation, Lease, ServingCounter, Source
from labeller.annotation.receivers import let_the_audit_catch_up
from labeller.corpus.models import Document, ImportJob
from labeller.projects.models import Project, User
from modelsvc.evaluation.intervals import wilson
from tests.annotation.acts import give, one
from tests.cast import add_texts
from tests.learning.scene import annotate

DAY = datetime(2026, 1, 1, tzinfo=UTC)
SHARES = st.floats(0, 1, exclude_max=True)


def hour(at: int) -> datetime:
    return DAY + timedelta(hours=at)


def test_a_text_is_passed_over_when_a_higher_draw_was_asked_before_it_came() -> None:
    asked = [(hour(1), 0.1), (hour(3), 0.3), (hour(5), 0.2)]
    came = [(hour(0), 0.05), (hour(2), 0.05), (hour(2), 0.2), (hour(4), 0.25), (hour(6), 0.31)]
    assert passed_over(asked, came) == [False, True, False, True, False]


@given(st.sets(SHARES))
def test_where_nothing_is_missing_all_answers_are_a_uniform_sample(answered: set[float]) -> None:
    assert even_below(answered, []) == 1


@given(st.sets(SHARES), st.sets(SHARES, min_size=1))
def test_of_those_due_in_the_sample_one_in_twenty_is_missing_at_most(answered: set[float], missing: set[float]) -> None:
    answered -= missing
    below = even_below(answered, missing)
    lost, met = (sum(draw < below for draw in draws) for draws in (missing, answered))
    assert lost <= 0.05 * (lost + met)
    assert below >= min(missing)  # what lies below all that is missing is never given up


def test_one_text_that_came_later_does_not_put_the_whole_audit_aside() -> None:
    answered = [at / 100 for at in range(1, 30)]
    assert even_below(answered, [0.205]) == 1
    assert even_below(answered, [0.015]) == 1
    assert even_below(answered, [0.015, 0.016, 0.017]) < 0.02


@pytest.mark.parametrize("asked", [20, 50])
def test_its_interval_holds_the_truth_of_old_and_new_texts_where_that_of_all_answers_does_not(asked: int) -> None:
    """500 texts of which 88 % are right, 120 of them asked; then 500 of which 50 % are, the first `asked` of them."""
    rng = np.random.default_rng(0)
    held, plain, rounds = 0, 0, 300
    for _ in range(rounds):
        draws, right = np.sort(rng.random((2, 500))), rng.random((2, 500)) < [[0.88], [0.5]]
        truth, later = right.mean(), draws[1] < draws[0, 119]
        answered = np.concatenate([draws[0, :120], draws[1, :asked]])
        found = np.concatenate([right[0, :120], right[1, :asked]])
        even = answered < even_below(answered.tolist(), draws[1, asked:][later[asked:]].tolist())
        told, by_all = (wilson(int(part.sum()), len(part), 0.95) for part in (found[even], found))
        held += told.low <= truth <= told.high
        plain += by_all.low <= truth <= by_all.high
    assert held >= 0.93 * rounds and plain < 0.5 * rounds


def draw_at(project: Project, start: str, draws: list[float]) -> list[Document]:
    documents = add_texts(project, [f"{start} {at}" for at in range(len(draws))])
    for document, draw in zip(documents, draws, strict=True):
        document.draw = draw
    Document.objects.bulk_update(documents, ["draw"])
    return documents


EVERYWHERE = [at / 100 for at in range(100)]


@pytest.fixture
def audited(project: Project, bob: User) -> dict[int, float]:
    """A hundred texts, of which the thirty with the least draws were asked."""
    documents = draw_at(project, "Old", EVERYWHERE)
    for document in documents[:30]:
        annotate(document, bob, ["Change"], source=Source.AUDIT)
    return {document.pk: document.draw for document in documents[:30]}


@pytest.mark.django_db
class TestTheSampleOfToday:
    def test_without_a_later_import_all_answers_are_in_it(
        self, project: Project, audited: dict[int, float], django_assert_num_queries
    ) -> None:
        with django_assert_num_queries(2):
            assert sample_of_today(project, audited) == AuditSample(texts=30)

    def test_a_text_in_hand_while_higher_draws_are_answered_takes_nothing_from_it(
        self, project: Project, audited: dict[int, float]
    ) -> None:
        back = next(iter(audited))
        Annotation.objects.filter(document=back).delete()
        del audited[back]
        assert sample_of_today(project, audited) == AuditSample(texts=29)

    def test_after_an_import_it_ends_at_the_first_draws_that_were_passed_over(
        self, project: Project, audited: dict[int, float], bob: User
    ) -> None:
        new = draw_at(project, "New", [draw + 0.005 for draw in EVERYWHERE])
        sample = sample_of_today(project, audited)
        assert (sample.below, sample.texts, sample.newer, sample.wanting) == (0.005, 1, 100, 15)
        for document in new[:10]:
            annotate(document, bob, ["Court"], source=Source.AUDIT)
            audited[document.pk] = document.draw
        sample = sample_of_today(project, audited)
        # One of the 23 due may be missing, that of draw .105: so the sample goes on to the next.
        assert (sample.below, sample.texts, sample.wanting) == (0.115, 22, 5)
        for document in new[10:29]:
            annotate(document, bob, ["Court"], source=Source.AUDIT)
            audited[document.pk] = document.draw
        assert sample_of_today(project, audited) == AuditSample(texts=59)

    def test_what_was_asked_without_an_answer_or_labelled_from_a_search_is_not_missing(
        self, project: Project, audited: dict[int, float], bob: User
    ) -> None:
        new = draw_at(project, "New", [0.011, 0.012, 0.013])
        assert sample_of_today(project, audited).texts < 30
        annotate(new[0], bob, ["Court"], source=Source.SEARCH)
        skipped = annotate(new[1], bob, [], source=Source.AUDIT)
        Annotation.objects.filter(pk=skipped.pk).update(status=Annotation.Status.SKIPPED)
        annotate(new[2], bob, ["Court"], source=Source.IMPORT)  # a file's label ends no audit
        assert sample_of_today(project, audited) == AuditSample(texts=30)  # one in thirty is missing

    def test_draws_beyond_a_reserve_that_shrank_are_never_asked_of_the_newer_texts(
        self, project: Project, audited: dict[int, float], bob: User
    ) -> None:
        new = draw_at(project, "New", [at / 900 for at in range(900)])  # the reserve ends at .2 now
        for document in new:
            if document.draw < 0.2:
                annotate(document, bob, ["Court"], source=Source.AUDIT)
                audited[document.pk] = document.draw
            elif document.draw < 0.3:
                annotate(document, bob, ["Court"])  # a model chose it
        sample = sample_of_today(project, audited)
        assert 0.2 <= sample.below < 0.22 and sample.wanting == 0
        assert 200 <= sample.texts < 210 == len(audited)


@pytest.mark.django_db
class TestTheAuditCatchesUp:
    def serve(self, project: Project, bob: User, texts: int) -> list[str]:
        """Sources of the texts that Bob is handed and answers one after the other."""
        label = project.labels.get(name="Change")
        sources = []
        for _ in range(texts):
            served = one(project, bob)
            sources.append(Lease.objects.get(key=served.key).source)
            give(project, bob, served, label)
        return sources

    def test_every_third_text_is_from_the_audit_until_no_text_that_was_passed_over_waits(
        self, project: Project, bob: User
    ) -> None:
        draw_at(project, "Old", [at / 800 for at in range(800)])
        ServingCounter.objects.create(
            project=project, labelled=500, audit_labelled=108, pool_size=800, audit_to=0.1, pool_counted_at=None
        )
        for document in project.documents.filter(draw__lte=0.1):
            annotate(document, bob, ["Change"], source=Source.AUDIT)
        job = ImportJob.objects.create(project=project, file_name="more.csv", size=100)
        new = draw_at(project, "New", [0.0101, 0.0201, 0.0301, 0.5, 0.6])
        Document.objects.filter(pk__in=[document.pk for document in new]).update(import_job=job)
        let_the_audit_catch_up(ImportJob, job)
        assert ServingCounter.objects.get().audit_behind == 0.1
        sources = self.serve(project, bob, 20)
        assert [at for at, source in enumerate(sources) if source == Source.AUDIT][:3] == [0, 3, 6]
        assert sources.count(Source.AUDIT) == 3  # then the quota, which is ahead by now
        assert ServingCounter.objects.get().audit_behind == 0

    def test_an_import_above_what_was_asked_hurries_nothing(self, project: Project) -> None:
        ServingCounter.objects.create(project=project, audit_to=0.1)
        job = ImportJob.objects.create(project=project, file_name="more.csv", size=100)
        new = draw_at(project, "New", [0.2])
        Document.objects.filter(pk__in=[document.pk for document in new]).update(import_job=job)
        let_the_audit_catch_up(ImportJob, job)
        assert ServingCounter.objects.get().audit_behind == 0
