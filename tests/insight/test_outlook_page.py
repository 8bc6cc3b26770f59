"""The outlook and the pool's shares on the results page."""

from __future__ import annotations

import re
from collections.abc import Callable

import altair
import pytest
from django.test import Client
from django.urls import reverse

from labeller.insight import outlook, selectors
from labeller.insight.markers import results_marker
from labeller.insight.measured_on import ON_THE_AUDIT
from labeller.learning.models import LoopState, PoolReading
from labeller.projects.models import Project, User
from tests.cast import add_texts
from tests.insight.readings import add_reading
from tests.insight.scored import add_labels, add_version
from tests.insight.tested import add_test_set

ClientOf = Callable[[User], Client]


@pytest.fixture
def foretold(project: Project, alice: User) -> Project:
    """Two models with readings: at 300 labels the curve stands at 83 %."""
    add_labels(project, alice, audit=6, active=3)
    add_reading(add_version(project, n_labels=280, n_audit=104, right=0.8))
    add_reading(add_version(project, n_labels=300, n_audit=110, right=0.82))
    return project


def at(name: str, project: Project) -> str:
    return reverse(name, args=[project.slug])


def words_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_the_manager_reads_forecast_advice_and_shares(foretold: Project, client_of: ClientOf, alice: User) -> None:
    page = client_of(alice).get(at("results", foretold)).content.decode()
    assert re.search(r"To reach 85 % you will need about \d+ more labels \(\d+ to \d+\)\.", page)
    assert "Keep going" in page and "Some doubt is left" in page
    table = page.split('id="pool-table"')[1].split("</table>")[0]
    assert table.count("<tr>") == 4 and "about 1" in table


def test_the_picture_foretells_of_the_model_the_sentence_is_about_also_after_a_way_back(project: Project) -> None:
    early = add_version(project, n_labels=200, n_audit=60, kind="full", promoted=True)
    over_it = add_version(project, n_labels=280, n_audit=104, base=early)
    add_reading(over_it)
    late = add_version(project, n_labels=290, n_audit=106, kind="full", promoted=True)
    add_reading(add_version(project, n_labels=300, n_audit=110, base=late))
    LoopState.objects.create(project=project, serving=early)
    versions = selectors.versions(project)
    standing = selectors.standing(project, versions)
    reading = outlook.reading_of(project, standing, [])
    assert standing.current is not None and standing.current.number == over_it.number
    assert reading is not None and outlook.law_of(project, versions) == reading.law
    assert reading.law is not None and reading.law.labels == over_it.n_labels


def test_another_target_is_remembered_in_the_address(foretold: Project, client_of: ClientOf, rita: User) -> None:
    client = client_of(rita)
    page = client.get(at("results", foretold), {"target": "87"}).content.decode()
    assert 'value="87"' in page and "To reach 87 %" in words_of(page)
    answer = client.get(at("results-outlook", foretold), {"target": "87"})
    assert "<html" not in answer.content.decode() and "To reach 87 %" in answer.content.decode()
    assert answer["HX-Replace-Url"] == f"{at('results', foretold)}?target=87"
    assert "To reach 87 %" in client.get(at("results-figures", foretold), {"target": "87"}).content.decode()


def test_beside_a_test_file_the_address_goes_on_saying_that_this_is_the_audit(
    foretold: Project, client_of: ClientOf, rita: User
) -> None:
    add_test_set(foretold, ["Change", "Court"])
    client = client_of(rita)
    page = client.get(at("results", foretold), {"on": "audit"}).content.decode()
    assert '<input type="hidden" name="on" value="audit">' in page
    answer = client.get(at("results-outlook", foretold), {"on": "audit", "target": "87"})
    assert answer["HX-Replace-Url"] == f"{at('results', foretold)}?on=audit&target=87"


@pytest.mark.parametrize("target", ["", "0", "100", "-5", "9.5", "abc", "²", "00011111", "99999999999999999999"])
def test_a_target_that_is_none_falls_back_to_the_usual_one(
    foretold: Project, client_of: ClientOf, rita: User, target: str
) -> None:
    answer = client_of(rita).get(at("results", foretold), {"target": target})
    assert answer.status_code == 200 and 'id="target"' in answer.content.decode()
    assert 'value="85"' in answer.content.decode()


def test_strangers_get_404_and_post_is_refused(
    foretold: Project, client_of: ClientOf, mallory: User, alice: User
) -> None:
    assert client_of(mallory).get(at("results-outlook", foretold)).status_code == 404
    assert client_of(alice).post(at("results-outlook", foretold)).status_code == 405


def test_a_model_from_before_readings_leaves_the_page_whole(project: Project, client_of: ClientOf, alice: User) -> None:
    add_version(project, n_labels=40, n_audit=33)
    page = client_of(alice).get(at("results", project)).content.decode()
    assert "The next model will bring a forecast" in page
    assert "The next model will estimate how much of the pool carries each label." in page
    assert 'id="target"' not in page


def test_with_too_few_audit_texts_no_share_is_told(project: Project, client_of: ClientOf, alice: User) -> None:
    add_reading(add_version(project, n_labels=40, n_audit=12))
    page = client_of(alice).get(at("results", project)).content.decode()
    assert "Too few audit texts yet: 12 of 30 when model 1 was made." in page
    assert "88 more audit texts must be answered" in page and "pool-table" not in page


def test_after_an_import_advice_forecast_and_shares_wait_for_a_model_that_has_read_the_new_texts(
    project: Project, client_of: ClientOf, alice: User
) -> None:
    add_labels(project, alice, audit=6, active=3)
    settled = add_version(project, n_labels=300, n_audit=110, right=0.95)
    add_reading(settled, pool_size=500, kappas=(0.99, 0.99, 0.99), entropy=0.01)
    client = client_of(alice)
    assert "You may stop here" in words_of(client.get(at("results", project)).content.decode())
    marker = results_marker(project, ON_THE_AUDIT)
    add_texts(project, [f"A new kind of text {at}." for at in range(517)])
    assert results_marker(project, ON_THE_AUDIT) != marker  # a page that is open learns it too
    page = words_of(client.get(at("results", project)).content.decode())
    assert "New texts have come 26 texts have come since model 1 read the 500 texts there were." in page
    report = words_of(client.get(at("results-report", project)).content.decode())
    for told in (page, report):
        assert not any(said in told for said in ("You may stop", "in all 500 texts", "To reach", "forecast yet"))
    spec = client.get(at("results-curve", project), {"metric": "accuracy"}).json()
    assert not any("data" in layer for layer in spec["layer"])


def test_a_few_new_texts_change_nothing(foretold: Project, client_of: ClientOf, alice: User) -> None:
    PoolReading.objects.update(pool_size=400, texts=400)
    add_texts(foretold, [f"Another text {at}." for at in range(411)])  # with the labelled ones 420
    page = words_of(client_of(alice).get(at("results", foretold)).content.decode())
    assert "Keep going" in page and "in all 400 texts" in page


@pytest.mark.parametrize(("metric", "layers"), [("accuracy", 2), ("macro_f1", 0)])
def test_the_picture_goes_on_as_a_dotted_line_with_its_band(
    foretold: Project, client_of: ClientOf, alice: User, metric: str, layers: int
) -> None:
    spec = client_of(alice).get(at("results-curve", foretold), {"metric": metric}).json()
    altair.Chart.from_dict(spec)  # checks it against the schema
    own = [layer for layer in spec["layer"] if "data" in layer]
    assert len(own) == layers
    [scale] = [layer["encoding"]["y"]["scale"] for layer in spec["layer"] if "scale" in layer["encoding"]["y"]][-1:]
    for layer in own:
        assert layer["encoding"]["y"]["scale"] == scale
        values = layer["data"]["values"]
        assert (values[0]["labels"], values[-1]["labels"]) == (300, 450)
        assert all(0 <= point["low"] <= point["value"] <= point["high"] <= 1 for point in values)
    assert spec["encoding"]["x"]["scale"]["domain"][1] >= (450 if layers else 300)


def test_a_forecast_that_failed_its_test_is_not_drawn(project: Project, client_of: ClientOf, alice: User) -> None:
    reading = add_reading(add_version(project, n_labels=300, n_audit=110))
    reading.forecast |= {"passed": False, "miss": 0.05}
    reading.save()
    client = client_of(alice)
    assert all("data" not in layer for layer in client.get(at("results-curve", project)).json()["layer"])
    page = client.get(at("results", project)).content.decode()
    assert "missed the others by 5.0 points" in page and 'class="dotted"' not in page


def test_bars_are_drawn_without_any_style_of_their_own(foretold: Project, client_of: ClientOf, alice: User) -> None:
    page = client_of(alice).get(at("results", foretold)).content.decode()
    bars = re.findall(r'<rect class="(part|range)" x="([\d.]+)%?" width="([\d.]+)%"', page)
    assert len(bars) == 6 and all(float(x) + float(width) <= 100.1 for _, x, width in bars)
    assert not re.search(r"\sstyle=", page)


def test_after_an_import_pages_and_report_say_of_which_texts_their_figures_are(
    project: Project, client_of: ClientOf, alice: User
) -> None:
    add_labels(project, alice, audit=6, active=3)
    row = add_reading(add_version(project, n_labels=300, n_audit=110, right=0.82), pool_size=9)
    row.audit_sample = {"below": 0.01, "texts": 4, "newer": 4000, "wanting": 26, "pool": 9}
    row.tightened, row.shares = None, []
    row.save()
    client = client_of(alice)
    page = words_of(client.get(at("results", project)).content.decode())
    assert "Of mostly older texts, the model is right on about 82 in 100." in page
    assert (
        "Its 110 audit texts are mostly from before the 4,000 texts imported since. No figure of all texts, no share "
        "of a label and no advice follow from them. Audit answers still missing: 26; until then every third" in page
    )
    assert "they do not tell what the whole pool holds. Audit answers still missing: 26." in page
    told = words_of(client.get(at("results-report", project)).content.decode())
    assert "Of mostly older texts, the model is right on about 82 in 100." in told
    assert "Where texts were imported later, the newer ones have too few audit texts until they have caught up." in told
    row.audit_sample |= {"below": 0.1, "texts": 60}
    row.tightened = {"value": 0.7, "low": 0.6, "high": 0.8}
    row.save()
    page = words_of(client.get(at("results", project)).content.decode())
    assert "The model is right on about 70 in 100 texts." in page
    assert "measured on 60 texts drawn at random, and on what the model says of all others" in page
    assert (
        "Audit answers missing until the newer texts have caught up: 26. By all its audit texts alone 82 in 100" in page
    )
    told = words_of(client.get(at("results-report", project)).content.decode())
    assert "the 60 with the lowest draws are a fair sample of all texts" in told
