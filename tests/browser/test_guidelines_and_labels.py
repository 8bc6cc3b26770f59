"""Guidelines and labels change while somebody labels, in a real browser: what changed is told, labels are merged and
taken apart, a split is looked at again, and a language model's labels are measured."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from labeller.annotation.machine import MachineAnswer
from labeller.annotation.models import Annotation
from labeller.annotation.selectors import label_counts
from labeller.corpus.importing import run_import
from labeller.corpus.models import ImportJob
from labeller.projects.guideline_versions import record_version
from labeller.projects.models import Project, User
from tests.browser import shots
from tests.browser.walker import Walker
from tests.cast import PASSWORD, add_texts
from tests.corpus.files import imported, upload
from tests.learning.scene import annotate

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
GUIDELINES = "# When is it Court?\n\nA clause that says **where** disputes are heard.\n\nAll else is Other."

# What the line does each minute.
ASK_NOW = """() => { const line = document.getElementById("guidelines-news");
  htmx.ajax("GET", line.getAttribute("hx-get"), { target: line, swap: "outerHTML" }) }"""


@pytest.fixture
def walk(browser: Any, live_server: LiveServer, project: Project) -> Any:
    project.guidelines = GUIDELINES
    project.save()
    record_version(project=project)

    def signed_in(name: str) -> Walker:
        walker = Walker(browser, live_server.url)
        walker.sign_in(name, PASSWORD)
        return walker

    return signed_in


def fits(page: Any) -> None:
    for size in shots.SIZES.values():
        page.set_viewport_size(size)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), size
    page.set_viewport_size(shots.SIZES["1280"])


def press(page: Any, key: str) -> None:
    """A label's key; the next text is there in the next frame."""
    text = page.locator("#text").inner_text()
    page.keyboard.press(key)
    page.wait_for_function("was => document.getElementById('text').textContent !== was", arg=text)


def counts(project: Project) -> dict[str, int]:
    return {label.name: count for label, count in label_counts(project)}


def test_what_changed_is_told_to_who_labels_and_can_be_taken_back(
    walk: Any, live_server: LiveServer, project: Project
) -> None:
    add_texts(project, [f"Clause {number}: disputes are heard in Dublin." for number in range(30)])
    bob, alice = walk("bob"), walk("alice")
    label = live_server.url + reverse("label", args=[project.slug])
    bob.page.goto(label)
    press(bob.page, "2")
    bob.page.locator("#save[data-state=saved]").wait_for()

    page = alice.page
    page.goto(live_server.url + reverse("project-settings", args=[project.slug]))
    page.get_by_role("textbox", name="Guidelines").fill(
        GUIDELINES.replace("disputes are heard", "disputes are heard or settled")
    )
    page.get_by_role("button", name="Save").click()
    page.get_by_role("navigation", name="Settings").get_by_role("link", name="Guidelines").click()
    page.get_by_text("Guidelines changed.").wait_for()
    fits(page)
    shots.take(page, "guidelines", whole=True)

    line = bob.page.locator("#guidelines-news")
    place = bob.page.evaluate("document.getElementById('text').getBoundingClientRect().y")
    bob.page.evaluate(ASK_NOW)
    line.get_by_text("Guidelines changed just now").wait_for()
    assert bob.page.evaluate("document.getElementById('text').getBoundingClientRect().y") == place
    fits(bob.page)
    shots.take(bob.page, "guidelines-news")
    press(bob.page, "2")  # still under the old version: that is what stands beside the text
    line.get_by_role("link", name="show them here").click()
    bob.page.wait_for_load_state("load")
    bob.page.locator("#save").wait_for(state="attached")
    with bob.context.expect_page() as opened:
        line.get_by_role("link", name="what changed").click()
    told = opened.value
    told.locator("ins", has_text="or settled").wait_for()
    fits(told)
    shots.take(told, "guidelines-changed", whole=True)
    told.close()
    press(bob.page, "2")
    bob.page.locator("#save[data-state=saved]").wait_for()
    assert list(Annotation.objects.order_by("id").values_list("guidelines_number", flat=True)) == [1, 1, 2]

    page.get_by_role("link", name="Version 1", exact=True).click()
    page.get_by_role("link", name="Restore this version").click()
    page.get_by_role("button", name="Restore it").click()
    page.get_by_text("Version 1 is restored, as version 3.").wait_for()
    assert bob.complaints == [] and alice.complaints == []


@pytest.fixture
def labelled(project: Project, bob: User) -> Project:
    """Sixteen texts, four answers of each label."""
    for at, document in enumerate(add_texts(project, [f"Clause {number} on courts." for number in range(16)])[:12]):
        annotate(document, bob, [["Change", "Court", "Other"][at % 3]])
    return project


def open_labels(walker: Walker, project: Project) -> Any:
    walker.page.goto(walker.address + reverse("labels", args=[project.slug]))
    return walker.page


def test_labels_are_merged_and_taken_apart(walk: Any, labelled: Project) -> None:
    walker = walk("alice")
    page = open_labels(walker, labelled)
    fits(page)
    shots.take(page, "labels", whole=True)
    page.get_by_role("link", name="Merge labels").click()
    for name in ("Change", "Other"):
        page.get_by_role("checkbox", name=name).check()
    page.get_by_label("The name of the one").fill("Other")
    fits(page)
    shots.take(page, "merge", whole=True)
    page.get_by_role("button", name="Look at what this changes").click()
    page.get_by_text("4 answers will be read as “Other”").wait_for()
    fits(page)
    shots.take(page, "merge-sure", whole=True)
    page.get_by_role("button", name="Merge them").click()
    page.get_by_text("Merged into “Other”.").wait_for()
    assert counts(labelled) == {"Court": 4, "Other": 8}
    page.get_by_role("link", name="Undo the merge into Other").click()
    page.get_by_role("button", name="Undo the merge").click()
    page.get_by_text("The merge is undone.").wait_for()
    assert counts(labelled) == {"Change": 4, "Court": 4, "Other": 4}
    assert walker.complaints == []


def split(walker: Walker, project: Project, into: str) -> None:
    page = open_labels(walker, project)
    page.get_by_role("link", name="Edit Court").click()
    shots.take(page, "label-edit", whole=True)
    page.get_by_role("link", name="Split it into several").click()
    page.get_by_label("The new labels, one a line").fill(into)
    fits(page)
    shots.take(page, "split", whole=True)
    page.get_by_role("button", name="Split it").click()
    page.get_by_text("4 texts wait for another look.").wait_for()


def test_a_label_is_split_and_its_texts_are_looked_at_again(walk: Any, labelled: Project) -> None:
    walker = walk("alice")
    split(walker, labelled, into="Venue : where disputes are heard\nLaw : which law applies")
    page = walker.page
    page.get_by_role("link", name="Look at them").click()
    page.get_by_text("Another look: “Court” was split").wait_for()
    fits(page)
    shots.take(page, "second-look")
    expect(page.locator("#text")).to_be_focused()  # the page listens
    press(page, "2")  # the old label's key is the first new one's
    press(page, "4")
    page.keyboard.press("z")
    page.locator("#save[data-state=saved]").wait_for()
    page.goto(walker.address + reverse("label-changes", args=[labelled.slug]))
    page.get_by_text("1 of 4 texts looked at again").wait_for()
    fits(page)
    shots.take(page, "label-changes", whole=True)
    assert counts(labelled) == {"Change": 4, "Court": 3, "Other": 4, "Venue": 1, "Law": 0}
    page.get_by_role("link", name="Stop").click()
    page.get_by_text("3 texts have not been looked at again and will keep “Court”.").wait_for()
    shots.take(page, "stop", whole=True)
    page.get_by_role("button", name="End it").click()
    page.get_by_text("The second look is over.").wait_for()
    assert walker.complaints == []


def test_a_language_model_s_labels_are_imported_and_measured(
    walk: Any, live_server: LiveServer, project: Project, bob: User, tmp_path: Any
) -> None:
    texts = "\n".join(f"Clause {number} on courts." for number in range(40))
    imported(upload(project, texts, "clauses.txt"))
    lines = ["text,label"]
    for at, document in enumerate(project.documents.order_by("id")):
        name = ["Change", "Court", "Other"][at % 3]
        annotate(document, bob, [name], source="audit" if at < 34 else "active")
        lines.append(f"{document.text},{'Other' if at % 7 == 0 else name}")
    file = tmp_path / f"{uuid.uuid4()}.csv"
    file.write_text("\n".join(lines))
    walker = walk("alice")
    page = walker.page
    page.goto(live_server.url + reverse("import-new", args=[project.slug]))
    page.get_by_label("File").set_input_files(file)
    page.locator("main form button").first.click()
    page.get_by_label("What to do with them").select_option("They come from an LLM, such as a chat program")
    page.get_by_label("The LLM’s name").wait_for()
    page.get_by_label("The LLM’s name").fill("gpt-x")
    fits(page)
    shots.take(page, "machine-import", whole=True)
    page.get_by_role("button", name="Import 40 labels of the LLM").click()
    page.locator("#import-status").wait_for()
    run_import(ImportJob.objects.latest("id").pk)
    page.get_by_role("link", name="See how often gpt-x is right").click()
    page.get_by_text("gpt-x gives the answer people give on").wait_for()
    fits(page)
    shots.take(page, "machine", whole=True)
    assert MachineAnswer.objects.count() == 40
    page.goto(live_server.url + reverse("project", args=[project.slug]))
    page.get_by_role("link", name="See how often they are right").wait_for()
    shots.take(page, "machine-overview", whole=True)
    assert walker.complaints == []
