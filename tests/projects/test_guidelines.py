"""Markdown from a manager must never run in a reader's browser."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labeller.projects.guidelines import TAGS, render


class Seen(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]


def seen(markdown: str) -> Seen:
    parser = Seen()
    parser.feed(render(markdown))
    return parser


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("**bold** and *soft*", "<p><strong>bold</strong> and <em>soft</em></p>\n"),
        ("# Title", "<h3>Title</h3>\n"),
        ("- a\n- b", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n"),
        ("a < b & c", "<p>a &lt; b &amp; c</p>\n"),
        ("", ""),
    ],
)
def test_markdown_becomes_html(markdown, html):
    assert render(markdown) == html


@pytest.mark.parametrize(
    "markdown",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<b onclick=alert(1)>b</b>",
        "<svg/onload=alert(1)>",
        "<iframe src='https://example.org'></iframe>",
        "<style>body{display:none}</style>",
    ],
)
def test_html_is_shown_as_text(markdown):
    parser = seen(markdown)
    assert set(parser.tags) <= {"p"}
    assert parser.attributes == []
    assert "&lt;" in render(markdown)


@pytest.mark.parametrize(
    "markdown",
    [
        "[a](javascript:alert(1))",
        "[a](JaVaScRiPt:alert(1))",
        "[a](java&#x73;cript:alert(1))",
        "[a](data:text/html;base64,PHNjcmlwdD4=)",
        "[a](vbscript:x)",
        "[a](file:///etc/passwd)",
        "<javascript:alert(1)>",
        "[a]: javascript:alert(1)\n\n[a]",
    ],
)
def test_links_that_run_or_read_something_have_no_address(markdown):
    assert not [value for name, value in seen(markdown).attributes if name == "href"]


def test_pictures_are_left_out_because_they_would_tell_another_server_who_reads():
    assert "img" not in seen("![x](https://example.org/x.png)").tags


def test_links_stay_and_tell_their_target_nothing():
    attributes = dict(seen("[a](https://example.org)").attributes)
    assert attributes["href"] == "https://example.org"
    assert "noopener" in attributes["rel"]
    assert "noreferrer" in attributes["rel"]


@given(st.text(alphabet="<>&\"'()[]!`*_#-:/ \nabjsx=", max_size=120))
def test_no_text_makes_a_tag_beyond_the_list_or_a_handler(markdown):
    parser = seen(markdown)
    assert set(parser.tags) <= TAGS
    assert {name for name, _ in parser.attributes} <= {"href", "title", "rel", "start"}
