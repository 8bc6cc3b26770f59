"""Bob at the labelling page of a project with thirty texts."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.urls import reverse
from playwright.sync_api import expect

from labeller.projects.models import Project
from tests.browser.labelling.hand import TEXTS
from tests.cast import add_texts

LOST = re.compile("ERR_INTERNET_DISCONNECTED|ERR_FAILED")  # what the tests do to the network


@pytest.fixture
def context(browser, live_server, client_of, bob):
    """Bob's browser."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    cookie = client_of(bob).cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    yield context
    context.close()


@pytest.fixture
def page(context):
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.problems = problems
    page.expected = re.compile("$^")  # what a test provokes: a late poll may complain after its last line
    yield page
    assert [problem for problem in problems if not (LOST.search(problem) or page.expected.search(problem))] == []


@pytest.fixture
def texts(project):
    return add_texts(project, TEXTS)


@pytest.fixture
def open_page(page, live_server, project, texts):
    def opened(which: Project = project):
        page.goto(live_server.url + reverse("label", args=[which.slug]))
        expect(page.locator("#text")).to_be_focused()
        return page

    return opened
