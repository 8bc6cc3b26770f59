"""A manager archives a project, brings it back, archives it again and has it deleted for good, in a real browser."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from labeller.projects import archiving, deleting
from labeller.projects.models import Project, Role, User
from tests.annotation.acts import give, one
from tests.browser.shots import take
from tests.browser.walker import Walker
from tests.cast import PASSWORD, add_texts, join, make_project

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def begun(project: Project, alice: User) -> Project:
    """Some projects, the first one a little labelled."""
    add_texts(project, [f"{number}. Disputes are heard by the court at our seat." for number in range(30)])
    for _ in range(7):
        give(project, alice, one(project, alice), project.labels.first())
    for name in ("Complaints of passengers", "Judgments on rents"):
        other = make_project(name=name)
        join(other, alice, Role.MANAGER)
    archiving.archive(project=other)
    return project


def test_from_the_settings_until_it_is_gone(browser: Any, live_server: LiveServer, begun: Project) -> None:
    walker = Walker(browser, live_server.url)
    walker.sign_in("alice", PASSWORD)
    page = walker.page
    expect(page.get_by_role("progressbar", name="7 of 30 texts labelled")).to_be_visible()
    expect(page.get_by_text("Bring back")).to_be_hidden()
    take(page, "projects", whole=True)
    archive(walker, begun)
    listed = page.locator("#archived li", has_text=begun.name)
    page.get_by_text("Archived (2)").click()
    take(page, "projects-archived", whole=True)
    listed.get_by_role("button", name="Bring back").click()
    page.get_by_text("“Terms of service” is open again.").wait_for()
    archive(walker, begun)
    page.get_by_text("Archived (2)").click()
    listed.get_by_role("link", name="Delete for good").click()
    take(page, "project-delete", whole=True)
    delete(page, begun)
    expect(listed).to_contain_text("is being deleted")
    expect(listed.get_by_role("button")).to_have_count(0)
    take(page, "projects-deleting", whole=True)
    assert deleting.carry_on(begun.pk)
    page.get_by_text("Archived (1)").wait_for()
    expect(page.get_by_text("is being deleted")).to_have_count(1)  # the message of the button, no longer the line
    answer = page.goto(live_server.url + reverse("project", args=[begun.slug]))
    assert answer.status == 404
    assert {404 if "404" in complaint else 422 for complaint in walker.complaints} == {404, 422}


def archive(walker: Walker, project: Project) -> None:
    page = walker.page
    page.goto(walker.address + reverse("project-settings", args=[project.slug]))
    take(page, "project-settings-archive", whole=True)
    page.get_by_role("link", name="Archive this project…").click()
    take(page, "project-archive")
    page.get_by_role("button", name="Archive", exact=True).click()
    page.get_by_text("“Terms of service” is archived.").wait_for()
    expect(page.get_by_role("link", name=project.name, exact=True)).to_have_count(0)


def delete(page: Any, project: Project) -> None:
    """First with a slip."""
    page.get_by_label("Its name, to confirm").fill("terms of service")
    page.get_by_role("button", name="Delete for good").click()
    page.get_by_text("That is not its name.").wait_for()
    take(page, "project-delete-refused", whole=True)
    page.get_by_label("Its name, to confirm").fill(project.name)
    page.keyboard.press("Enter")
    page.get_by_text("“Terms of service” is being deleted. You can leave this page.").wait_for()


def test_somebody_in_it_reads_that_it_is_archived(
    browser: Any, live_server: LiveServer, begun: Project, bob: User
) -> None:
    walker = Walker(browser, live_server.url)
    walker.sign_in("bob", PASSWORD)
    archiving.archive(project=begun)
    walker.page.goto(live_server.url + reverse("label", args=[begun.slug]))
    walker.page.get_by_text("“Terms of service” is archived. A manager of it can bring it back").wait_for()
    take(walker.page, "project-closed")


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_is_wider_than_the_window(browser: Any, live_server: LiveServer, begun: Project, width: int) -> None:
    walker = Walker(browser, live_server.url)
    walker.sign_in("alice", PASSWORD)
    archiving.archive(project=begun)
    Project.objects.filter(pk=begun.pk).update(name="Donaudampfschifffahrtsgesellschaft" * 3)
    walker.page.set_viewport_size({"width": width, "height": 844})
    for path in (reverse("projects"), reverse("project-delete", args=[begun.slug])):
        walker.page.goto(live_server.url + path)
        if path == reverse("projects"):
            walker.page.get_by_text("Archived (2)").click()
        assert walker.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
