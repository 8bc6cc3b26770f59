"""Where labels or guidelines changed: on the curve, in its numbers, in the file and in the report."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import altair
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from labeller.annotation.label_changes import split_label
from labeller.insight.change_marks import with_changes
from labeller.insight.change_words import sentence_of
from labeller.insight.charts import curve_spec
from labeller.insight.curve_changes import CurveChange, changes_of, place_of
from labeller.insight.drawn_curve import LEFT, RIGHT, drawn_curve
from labeller.insight.number_rows import NumberRow, between
from labeller.insight.selectors import VersionScore, versions
from labeller.projects.changes import LabelChange
from labeller.projects.guideline_versions import record_version
from labeller.projects.labels import Draft, add_drafts
from labeller.projects.merging import merge_labels, undo_merge
from labeller.projects.models import Project, User
from tests.insight.scored import add_version
from tests.insight.test_charts import row

ClientOf = Callable[[User], Client]
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def model(number: int, labels: int, hour: int) -> VersionScore:
    moment = NOON + timedelta(hours=hour)
    return VersionScore(number, "quick", labels, 40, None, None, "", 1.0, moment, None, False, None)


def change(labels: int, number: int = 2, *, after: int = 1, note: str = "Deleted “Court”") -> CurveChange:
    return CurveChange(number, NOON, after, labels, note, False, [])


class TestWhereItStands:
    MODELS = (model(1, 10, 0), model(2, 40, 1), model(3, 60, 3))

    @pytest.mark.parametrize(
        ("hour", "place"),
        [
            (-1, None),  # before the first model no point can be of another task
            (0.5, (1, 25)),
            (2, (2, 50)),
            (9, (3, 60)),  # at the last model until the next one comes
        ],
    )
    def test_it_is_between_the_models_around_it(self, hour: float, place: tuple[int, int] | None) -> None:
        assert place_of(NOON + timedelta(hours=hour), self.MODELS) == place

    def test_a_full_run_that_ends_later_with_fewer_labels_is_not_what_came_next(self) -> None:
        models = [*self.MODELS, model(4, 30, 4)]
        assert place_of(NOON + timedelta(hours=3.5), models) == (3, 60)

    def test_the_models_fitted_again_at_once_stand_on_both_sides_of_it_in_the_numbers(self) -> None:
        points = [NumberRow(replace(row(number, 40), model=number), None) for number in (1, 2)]
        assert between(points, [change(40, after=1)]) == [points[0], change(40, after=1), points[1]]

    def test_what_came_after_all_models_is_after_them_and_before_the_lines_beside(self) -> None:
        points = [NumberRow(row(1, 40), None), NumberRow(row(0, 30, kind="test-then-train"), None)]
        assert between(points, [change(60)]) == [points[0], change(60), points[1]]


class TestTheWords:
    @pytest.mark.parametrize(
        ("note", "words"),
        [
            ("Merged “A”, “B” into “C”", "Merged “A”, “B” into “C”."),
            ("Split “A” into “B”, “C”", "Split “A” into “B”, “C”."),
            ("Split “A” into “B”; it stays too", "Split “A” into “B”; it stays too."),
            ("Undid the merge into “C”", "Undid the merge into “C”."),
            ("Deleted “A”", "Deleted “A”."),
            ("“A” went: all its texts were looked at again", "“A” went: all its texts were looked at again."),
            ("Merged “A very long na", "Merged “A very long na"),  # cut off when it was stored
        ],
    )
    def test_a_note_is_told_as_it_was_stored(self, note: str, words: str) -> None:
        assert sentence_of(note, [LabelChange("gone", "A")], rewritten=False) == words

    @pytest.mark.parametrize(
        ("changed", "rewritten", "words"),
        [
            ([], True, "Guidelines changed."),
            ([LabelChange("added", "A"), LabelChange("added", "B")], False, "Added “A”, “B”."),
            ([LabelChange("renamed", "B", "A")], True, "Guidelines changed. Renamed “A” to “B”."),
            ([LabelChange("described", "A", description=[])], False, "Described anew: “A”."),
            (
                [LabelChange("added", f"L{at}") for at in range(7)],
                False,
                "Added “L0”, “L1”, “L2”, “L3”, “L4” and 2 more.",
            ),
        ],
    )
    def test_without_a_note_the_comparison_tells(self, changed: list[LabelChange], rewritten: bool, words: str) -> None:
        assert sentence_of("", changed, rewritten=rewritten) == words

    def test_a_restored_version_tells_both(self) -> None:
        told = sentence_of("Restored from version 3", [LabelChange("renamed", "B", "A")], rewritten=True)
        assert told == "Restored from version 3. Guidelines changed. Renamed “A” to “B”."


class TestThePicture:
    def test_changes_are_upright_lines_that_vega_lite_accepts_and_those_at_one_place_share_a_line(self) -> None:
        plain = curve_spec([row(1, 40), row(2, 90)], metric="accuracy")
        spec = with_changes(plain, [change(50), change(50, 3), change(70, 4)])
        altair.LayerChart.from_dict(spec, validate=True)
        [lines] = [layer for layer in spec["layer"] if layer.get("name") == "changes"]
        assert [mark["labels"] for mark in lines["data"]["values"]] == [50, 70]
        told = lines["data"]["values"][0]["told"]
        assert list(told.values()) == ["Labels or guidelines changed", "Deleted “Court”.", "Deleted “Court”."]

    def test_without_a_change_nothing_is_added(self) -> None:
        spec = curve_spec([row(1, 40)], metric="accuracy")
        assert with_changes(spec, []) is spec

    def test_the_still_picture_has_a_line_at_each(self) -> None:
        drawing = drawn_curve([row(1, 40), row(2, 100)], "accuracy", [70, 70, 53])
        assert drawing is not None and len(drawing.changes) == 2
        assert LEFT < float(drawing.changes[0]) < float(drawing.changes[1]) < RIGHT


@pytest.fixture
def changed(project: Project, alice: User) -> Project:
    """Two models; a label added, two merged and one split between them; the guidelines written after them."""
    record_version(project=project, by=alice)
    add_version(project, n_labels=60, n_audit=33)
    add_drafts(project=project, drafts=[Draft("Fees")], by=alice)
    merge_labels(project=project, labels=list(project.labels.all()[:2]), into="Both", by=alice)
    add_version(project, n_labels=90, n_audit=40)
    project.refresh_from_db()
    project.guidelines = "Read twice."
    project.save()
    record_version(project=project, by=alice)
    return project


class TestOnThePages:
    def test_the_results_list_them_and_the_live_part_knows_of_a_new_one(
        self, changed: Project, client_of: ClientOf, rita: User
    ) -> None:
        client = client_of(rita)
        page = client.get(reverse("results", args=[changed.slug])).content.decode()
        assert "3 changes of labels or guidelines on the way" in page
        assert "Added “Fees”." in page and "into “Both”." in page and "Guidelines changed." in page
        poll = re.search(r'id="standing" hx-get="([^"]+)"', page)
        assert poll is not None and client.get(poll[1].replace("&amp;", "&")).status_code == 204
        changed.guidelines = "Read three times."
        changed.save()
        record_version(project=changed)
        assert "4 changes of labels" in client.get(poll[1].replace("&amp;", "&")).content.decode()

    def test_the_picture_has_them_at_their_places(self, changed: Project, client_of: ClientOf, rita: User) -> None:
        spec = client_of(rita).get(reverse("results-curve", args=[changed.slug]), {"saved": "1"}).json()
        [lines] = [layer for layer in spec["layer"] if layer.get("name") == "changes"]
        assert [mark["labels"] for mark in lines["data"]["values"]] == [75, 90]
        assert "labels or guidelines changed" in json.dumps(spec)  # in the key

    def test_the_numbers_have_a_row_between_the_points(self, changed: Project, client_of: ClientOf, rita: User) -> None:
        page = client_of(rita).get(reverse("results-numbers", args=[changed.slug])).content.decode()
        table = page.split('id="picture-table"')[1]
        firsts = re.findall(r"<tr[^>]*><td>(\d+)</td>", table)
        assert firsts == ["60", "75", "75", "90", "90"] and table.count('class="change"') == 3

    def test_the_file_has_a_row_of_its_own_kind_in_english(
        self, changed: Project, client_of: ClientOf, rita: User
    ) -> None:
        address = reverse("results-csv", args=[changed.slug])
        told = client_of(rita).get(address, headers={"accept-language": "de"}).content.decode()
        rows = [line for line in csv.DictReader(io.StringIO(told)) if line["kind"] == "change"]
        assert [(line["labels"], line["model"], line["accuracy"]) for line in rows] == [
            ("75", "", ""), ("75", "", ""), ("90", "", ""),
        ]  # fmt: skip
        assert rows[0]["note"] == "Added “Fees”." and rows[0]["how"].startswith("Version 2 of the guidelines, 20")

    def test_the_report_lists_them_below_its_picture(self, changed: Project, client_of: ClientOf, alice: User) -> None:
        file = client_of(alice).get(reverse("results-report-file", args=[changed.slug])).content.decode()
        assert file.count('<g class="changes"><line') == 2 and "Added “Fees”." in file and "href=" not in file

    def test_an_undone_merge_and_a_split_are_told_too(self, changed: Project, alice: User) -> None:
        merge = changed.label_merges.get()
        undo_merge(merge=merge, by=alice)
        label = changed.labels.get(name="Fees")
        split_label(project=changed, label=label, drafts=[Draft("Late fees")], stays=True, by=alice)
        changed.refresh_from_db()
        told = [each.sentence for each in changes_of(changed, versions(changed))]
        assert told[-2:] == ["Undid the merge into “Both”.", "Split “Fees” into “Late fees”; it stays too."]

    def test_a_project_whose_labels_never_changed_says_nothing_of_it(
        self, project: Project, client_of: ClientOf, rita: User
    ) -> None:
        add_version(project, n_labels=60, n_audit=33)
        page = client_of(rita).get(reverse("results", args=[project.slug])).content.decode()
        assert 'id="changes"' not in page


def test_a_change_is_told_in_the_reader_s_language(changed: Project) -> None:
    with translation.override("de"):
        told = [each.sentence for each in changes_of(changed, versions(changed))]
    assert told[0] == "„Fees“ ergänzt." and told[2] == "Richtlinien geändert."
