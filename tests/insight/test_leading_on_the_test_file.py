"""What leads where figures stand on the test file: its own figures, with none of what the audit alone can tell."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from labeller.projects.models import Project, User
from tests.insight.readings import add_reading
from tests.insight.scored import add_comparison, add_labels, add_version
from tests.insight.tested import GOLD, add_test_score, add_test_set, mostly_right

pytestmark = pytest.mark.django_db
ClientOf = Callable[[User], Client]
TIGHTENED = {"value": 0.871, "low": 0.811, "high": 0.931}


@pytest.fixture
def examined(project: Project, bob: User) -> Project:
    """A model with a tightened figure of .87 beside a plain one of .60, which is right on 50 of 60 test texts."""
    add_labels(project, bob, audit=35, active=25)
    version = add_version(project, n_labels=60, n_audit=35, right=0.6)
    reading = add_reading(version)
    reading.tightened = reading.tightened_f1 = TIGHTENED
    reading.save(update_fields=["tightened", "tightened_f1"])
    add_test_score(version, add_test_set(project, GOLD), mostly_right(GOLD, every=6))
    return project


def at(name: str, project: Project, *args: int) -> str:
    return reverse(name, args=[project.slug, *args])


def told(client: Client, project: Project, name: str, **query: str) -> str:
    return client.get(at(name, project), query).content.decode()


class TestTheFilesOwnFigureLeads:
    def test_in_the_headline_without_a_plain_one_beside(
        self, examined: Project, rita: User, client_of: ClientOf
    ) -> None:
        client = client_of(rita)
        audit, test = (told(client, examined, "results", on=on) for on in ("audit", "test"))
        assert "about 87 in 100 texts" in audit and "By those texts alone it would be 60" in audit
        assert "about 83 in 100 texts" in test and "By those texts alone" not in test
        assert "what the model says of all others" in audit and "what the model says of all others" not in test

    def test_in_the_table_and_the_words_below_it(self, examined: Project, rita: User, client_of: ClientOf) -> None:
        page = told(client_of(rita), examined, "results", on="test")
        table = page.split('id="curve-table"')[1].split("</table>")[0]
        assert "83.3 %" in table and "87.1 %" not in table and "plain" not in table
        assert "prediction-powered" not in page and "Every figure comes from the 60 texts" in page

    def test_in_the_picture_which_has_no_line_beside_and_no_switch_for_one(
        self, examined: Project, rita: User, client_of: ClientOf
    ) -> None:
        client = client_of(rita)
        points = client.get(at("results-curve", examined), {"on": "test", "line": "plain"}).json()["data"]["values"]
        assert [(point["kind"], round(point["value"], 3)) for point in points] == [("quick", 0.833)]
        assert points[0]["Test texts"] == "60" and "Audit texts" not in points[0]
        assert 'name="line"' in told(client, examined, "results", on="audit")
        assert 'name="line"' not in told(client, examined, "results", on="test")

    def test_in_the_file_whose_plain_columns_are_empty(
        self, examined: Project, rita: User, client_of: ClientOf
    ) -> None:
        (row,) = csv.DictReader(io.StringIO(told(client_of(rita), examined, "results-csv", on="test")))
        assert (row["accuracy"], row["test_texts"], row["plain_accuracy"]) == ("0.833333", "60", "")

    def test_beside_the_audits_on_the_models_own_page(self, examined: Project, rita: User, client_of: ClientOf) -> None:
        page = client_of(rita).get(at("results-model", examined, 1)).content.decode()
        figures = page.split('id="figures"')[1].split("</table>")[0]
        assert "87.1 %" in figures and "60.0 %" in figures and "83.3 %" in figures


class TestASavedPictureSaysWhatItStandsOn:
    def test_in_its_title(self, examined: Project, rita: User, client_of: ClientOf) -> None:
        client, asked = client_of(rita), {"on": "test", "saved": "1", "model": "1"}
        curve = client.get(at("results-curve", examined), asked).json()
        sure = client.get(at("results-reliability", examined), asked).json()
        assert "Accuracy on texts of the test file exam.csv, against" in curve["title"]["text"]
        assert sure["title"]["text"].endswith("on texts of the test file exam.csv")


class TestTheReport:
    def test_saving_forecast_advice_and_shares_stay_those_of_the_audit_and_say_so(
        self, examined: Project, rita: User, client_of: ClientOf
    ) -> None:
        add_comparison(examined, n_labels=60, n_random=35, n_audit=35)
        client = client_of(rita)
        audit, test = (told(client, examined, "results-report", on=on) for on in ("audit", "test"))
        only_there = "the test file has no part in it"
        assert only_there in test and only_there not in audit
        for heading in ("What lies ahead", "What the pool holds"):
            of_audit, of_test = (page.split(f"<h2>{heading}</h2>")[1].split("</section>")[0] for page in (audit, test))
            assert re.sub(r'<p class="small">This stands.*?</p>\s*', "", of_test).strip() == of_audit.strip()
        assert (
            "judged with the untuned language model on 35 audit texts" in audit
            and "judged with the untuned language model on 35 audit texts" in test
        )
        assert "about 83 in 100" in test and "<small>plain" in audit and "<small>plain" not in test


class TestNewFigures:
    def test_are_those_of_a_model_that_the_file_has_measured(
        self, examined: Project, rita: User, client_of: ClientOf
    ) -> None:
        client = client_of(rita)
        headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{at('results-errors', examined)}?on=test"}
        found = re.search(r'id="newer"[^>]* hx-get="([^"]+)"', told(client, examined, "results-errors", on="test"))
        assert found is not None
        poll = unescape(found[1])
        later = add_version(examined, n_labels=80, n_audit=40)
        assert client.get(poll, headers=headers).status_code == 204
        add_test_score(later, later.project.test_sets.get(), GOLD)
        offer = client.get(poll, headers=headers)
        assert offer.status_code == 200 and "errors/?on=test" in offer.content.decode()

    def test_reach_the_curve_as_they_come(self, examined: Project, rita: User, client_of: ClientOf) -> None:
        client = client_of(rita)
        seen = re.search(r"on=test&amp;seen=([^\"]+)", told(client, examined, "results", on="test"))
        assert seen is not None
        asked = {"on": "test", "seen": seen[1]}
        assert client.get(at("results-figures", examined), asked).status_code == 204
        later = add_version(examined, n_labels=80, n_audit=40)
        add_test_score(later, later.project.test_sets.get(), GOLD)
        assert "Right on all 60 texts" in told(client, examined, "results-figures", **asked)
