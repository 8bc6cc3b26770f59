"""The report: what it tells somebody without an account, who may take it away, and that the file stands alone."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable
from hashlib import sha256

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from labeller import VERSION
from labeller.annotation.models import Source
from labeller.corpus.models import Document, ImportJob
from labeller.learning.models import LoopState
from labeller.projects.guideline_versions import record_version
from labeller.projects.merging import merge_labels
from labeller.projects.models import Project, Role, User
from tests.cast import join, make_project
from tests.insight.readings import add_reading
from tests.insight.scored import add_comparison, add_labels, add_version
from tests.insight.worked import add_work

ClientOf = Callable[[User], Client]


def at(name: str, project: Project) -> str:
    return reverse(name, args=[project.slug])


def words_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html.split("<body")[-1]).split())


@pytest.fixture
def measured(project: Project, alice: User, bob: User) -> Project:
    add_labels(project, bob, audit=40, active=20)
    add_work(project, alice, [6.0] * 10)
    add_version(project, n_labels=12, n_audit=4)
    add_version(project, n_labels=40, n_audit=31)
    add_version(project, n_labels=50, n_audit=36, kind="full", promoted=True, right=0.9)
    add_version(project, n_labels=90, n_audit=40, right=0.85)
    ImportJob.objects.create(
        project=project,
        created_by=alice,
        file_name="terms <2026>.csv",
        path="x",
        size=9,
        sha256="ab" * 32,
        state=ImportJob.State.DONE,
        rows_read=75,
        added=70,
        duplicates=3,
        refused=2,
        finished_at=timezone.now(),
    )
    return project


class TestWhoMay:
    @pytest.mark.parametrize("person", ["alice", "bob", "rita"])
    def test_every_member_reads_it(
        self, person: str, measured: Project, client_of: ClientOf, request: pytest.FixtureRequest
    ) -> None:
        assert client_of(request.getfixturevalue(person)).get(at("results-report", measured)).status_code == 200

    def test_only_a_manager_takes_it_away(
        self, measured: Project, client_of: ClientOf, alice: User, bob: User, rita: User, mallory: User
    ) -> None:
        address = at("results-report-file", measured)
        asked = [client_of(user).get(address).status_code for user in (alice, bob, rita, mallory)]
        assert asked == [200, 403, 403, 404]
        assert address in client_of(alice).get(at("results-report", measured)).content.decode()
        assert address not in client_of(bob).get(at("results-report", measured)).content.decode()

    @pytest.mark.parametrize("name", ["results-report", "results-report-file"])
    def test_strangers_the_signed_out_and_posts_are_refused(
        self, name: str, measured: Project, client_of: ClientOf, mallory: User, alice: User
    ) -> None:
        assert client_of(mallory).get(at(name, measured)).status_code == 404
        assert Client().get(at(name, measured)).status_code == 302
        assert client_of(alice).post(at(name, measured)).status_code == 405


class TestWhatItTells:
    def test_it_begins_with_the_headline_of_the_results(
        self, measured: Project, client_of: ClientOf, alice: User
    ) -> None:
        page = client_of(alice).get(at("results-report", measured)).content.decode()
        results = client_of(alice).get(at("results", measured)).content.decode()
        headline = re.search(r"<h1>(.*?)</h1>", results)
        assert headline is not None and f"<h1>{headline[1]}</h1>" in page
        assert page.count("<svg viewBox") == 2 and page.count("<circle") == 6

    def test_it_has_what_choosing_saved_what_lies_ahead_and_what_the_pool_holds(
        self, measured: Project, client_of: ClientOf, rita: User
    ) -> None:
        add_reading(add_version(measured, n_labels=300, n_audit=110))
        add_comparison(measured, n_labels=300, n_random=110, n_audit=110)
        words = words_of(client_of(rita).get(at("results-report", measured)).content.decode())
        assert "Choosing texts has saved about 12 labels so far (3 to 20)" in words
        assert "To reach 85 %" in words and "Keep going." in words and "it counts as settled" in words
        assert "by model 5 and corrected by its audit texts" in words and "Micro-F1" not in words
        assert words.count("95 % interval") > 6  # each label's F1 has one too

    def test_its_table_has_the_model_it_is_about_also_where_that_has_no_more_labels_than_one_before(
        self, project: Project, client_of: ClientOf, alice: User
    ) -> None:
        quick = add_version(project, n_labels=90, n_audit=40)
        full = add_version(project, n_labels=90, n_audit=40, kind="full", promoted=True, right=0.9)
        now = add_version(project, n_labels=90, n_audit=40, base=full, right=0.9)
        LoopState.objects.create(project=project, serving=full)
        page = client_of(alice).get(at("results-report", project)).content.decode()
        models = re.findall(r'<th scope="row">(\d+) <small>', page)
        assert models == [str(quick.number), str(now.number)]

    def test_it_says_where_everything_comes_from(self, measured: Project, client_of: ClientOf, alice: User) -> None:
        told = words_of(client_of(alice).get(at("results-report", measured)).content.decode())
        assert "70 texts in 1 file" in told
        assert "2 annotators; 70 labels given, 40 of them to texts drawn at random; 0 texts skipped, 0 unsure" in told
        assert "terms &lt;2026&gt;.csv abababababababab…" in told and "75 70 3 2 0" in told
        assert "4, quick, made" in told and "from 90 labels; seed 7" in told
        assert f"all-MiniLM-L6-v2 SHA-256 {'0' * 64}" in told
        assert f"Labeller {VERSION}" in told
        assert "1 min 0 s, breaks left out; a text took 6.0 s (median)" in told

    def test_it_says_which_labels_nobody_need_have_read_and_what_became_of_the_reserve(
        self, measured: Project, client_of: ClientOf, alice: User, rita: User
    ) -> None:
        at_once = add_work(measured, alice, [None, None, None], source=Source.SEARCH)
        add_work(measured, alice, [4.0], source=Source.SEARCH)  # read one by one
        add_work(measured, alice, [None], source=Source.SEARCH, taken_back=True)
        Document.objects.filter(project=measured).update(draw=0.9)
        Document.objects.filter(pk__in=[one.document_id for one in at_once[:2]]).update(draw=0.1)
        told = words_of(client_of(rita).get(at("results-report", measured)).content.decode())
        assert "3 labels of these were given to whole lists of texts found by search" in told
        assert "2 texts set apart to measure the model were labelled from a search instead" in told

    def test_it_says_what_the_review_decided_and_which_labels_were_merged(
        self, measured: Project, client_of: ClientOf, alice: User, rita: User
    ) -> None:
        add_work(measured, alice, [None], source=Source.REVIEW)
        merge_labels(project=measured, labels=list(measured.labels.all()[:2]), into="Both", by=alice)
        told = words_of(client_of(rita).get(at("results-report", measured)).content.decode())
        assert "1 text decided by somebody who had seen the answers" in told
        assert "into “Both” on" in told and "70 labels given" in told  # a decision is no answer

    def test_what_did_not_happen_is_not_told(self, measured: Project, client_of: ClientOf, rita: User) -> None:
        page = client_of(rita).get(at("results-report", measured)).content.decode()
        assert not any(f"<dt>{name}</dt>" in page for name in ("At once", "Reserve", "Review", "Merged"))

    def test_where_a_text_may_have_several_labels_macro_f1_comes_first(self, client_of: ClientOf, alice: User) -> None:
        several = make_project("multi", name="Several")
        join(several, alice, Role.MANAGER)
        add_version(several, n_labels=60, n_audit=33)
        page = client_of(alice).get(at("results-report", several)).content.decode()
        assert "Figures as labels came in" in page
        assert page.index("<b>Macro-F1</b>") < page.index("<b>Accuracy</b>")
        head = page.split("<thead>")[1].split("</thead>")[0]
        assert head.index("Macro-F1") < head.index("Micro-F1") < head.index("Accuracy")

    def test_people_are_counted_and_not_named(self, measured: Project, client_of: ClientOf, alice: User) -> None:
        file = client_of(alice).get(at("results-report-file", measured)).content.decode()
        assert "bob" not in file and "alice" not in file

    def test_without_evidence_it_says_so_and_shows_no_share(
        self, project: Project, client_of: ClientOf, rita: User, alice: User
    ) -> None:
        add_labels(project, alice, audit=12)
        add_version(project, n_labels=16, n_audit=12)
        page = client_of(rita).get(at("results-report", project)).content.decode()
        assert "Not enough evidence yet: 12 of 30 audit labels" in page and "<svg" not in page
        assert not re.search(r"\d %", page.replace("95 %", ""))

    def test_an_empty_project_has_a_report_too(self, project: Project, client_of: ClientOf, alice: User) -> None:
        assert (
            "There is nothing to measure yet." in client_of(alice).get(at("results-report", project)).content.decode()
        )

    def test_a_project_without_an_audit_says_that_nothing_measures_it(
        self, project: Project, client_of: ClientOf, alice: User
    ) -> None:
        Project.objects.filter(pk=project.pk).update(audit=False)
        page = client_of(alice).get(at("results-report", project)).content.decode()
        assert "This project draws no audit texts" in page and "audit texts</b>" not in page


class TestTheFile:
    def test_it_stands_alone(self, measured: Project, client_of: ClientOf, alice: User) -> None:
        answer = client_of(alice).get(at("results-report-file", measured))
        file = answer.content.decode()
        today = timezone.now().strftime("%Y-%m-%d")
        assert answer["Content-Disposition"] == f'attachment; filename="{measured.slug}-report-{today}.html"'
        assert not re.search(r"<script|\ssrc=|\shref=|url\(|@import|<form|https?://", file)
        assert words_of(client_of(alice).get(at("results-report", measured)).content.decode()).count("Macro-F1") >= 2

    def test_its_own_policy_allows_its_style_and_nothing_else(
        self, measured: Project, client_of: ClientOf, alice: User
    ) -> None:
        file = client_of(alice).get(at("results-report-file", measured)).content.decode()
        policy = re.search(r"content=\"default-src 'none'; style-src 'sha256-([^']+)'\"", file)
        style = re.search(r"<style>(.*)</style>", file, re.S)
        assert policy is not None and style is not None
        assert b64decode(policy[1]) == sha256(style[1].encode()).digest()
        assert not re.search(r"\sstyle=", file)


def test_many_models_and_files_cost_as_many_queries_as_few(
    measured: Project, client_of: ClientOf, alice: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(40):
        add_version(measured, n_labels=100 + number, n_audit=40)
        ImportJob.objects.create(
            project=measured, file_name=f"{number}.csv", path="x", size=1, sha256="0" * 64, state=ImportJob.State.DONE
        )
    for text in ("Read twice.", "Read three times."):
        measured.guidelines = text
        measured.save()
        record_version(project=measured)
    client = client_of(alice)
    with django_assert_max_num_queries(25):
        page = client.get(at("results-report", measured)).content.decode()
    assert "1 file before them" in page
    assert "measured models: from one to the next" in page and "Guidelines changed." in page
