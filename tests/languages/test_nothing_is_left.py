"""No word of the interface stays English: in a made-up language each translated string stands in brackets, and what
stands outside of them on any page must be somebody's data.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import allauth
import django
import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from django.conf import settings
from django.test import Client
from pytest_django import Settings

from labeller.annotation.models import Annotation
from labeller.corpus.models import Document, ImportJob
from labeller.projects.models import Label, Project, User
from tests.scenery import Seen, scenery  # noqa: F401  # a fixture

ROOT = Path(__file__).resolve().parents[2]
MADE_UP = "qbr"  # no library has it, so that what libraries say is bracketed by us too
SAME_EVERYWHERE = {
    *("Labeller", "English", "Deutsch", "Brackets", "CSV", "JSON", "SVG", "SHA", "PNG", "PDF", "HTML", "URL", "UTC"),
    *("kB", "MB", "GB", "ms", "https", "http", "all-MiniLM-L", "Cohen", "Fleiss", "Krippendorff"),
    *("Dawid", "Skene", "Wilson"),
}
READ = {"aria-label", "title", "placeholder", "alt", "aria-description", "aria-roledescription", "data-confirm"}


class Words(HTMLParser):
    """What a person reads or hears of a page, in pieces."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._unread = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unread += tag in ("script", "style", "code", "kbd")
        self.pieces += [value or "" for name, value in attrs if name in READ]

    def handle_endtag(self, tag: str) -> None:
        self._unread -= tag in ("script", "style", "code", "kbd")

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self.pieces.append(data)


def left_over(html: str, known: set[str]) -> list[str]:
    """The pieces that have a word outside of all brackets which is nobody's data."""
    parser = Words()
    parser.feed(html)
    # A translated sentence may run through several tags: brackets are matched over the whole page.
    text, before = "\x00".join(piece.strip() for piece in parser.pieces if piece.strip()), ""
    while text != before:
        before, text = text, re.sub(r"⟦[^⟦⟧]*⟧", " ", text)
    found = (re.findall(r"[^\W\d_]{2,}(?:[-’'][^\W\d_]+)*", piece) for piece in text.split("\x00"))
    return [" ".join(words) for words in found if any(word not in known for word in words)]


@pytest.fixture
def made_up_language(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "locale" / MADE_UP / "LC_MESSAGES"
    folder.mkdir(parents=True)
    for domain in ("django", "djangojs"):
        with (folder / f"{domain}.mo").open("wb") as file:
            write_mo(file, bracketed(domain))
    settings.LOCALE_PATHS = [tmp_path / "locale"]
    settings.LANGUAGES = [*settings.LANGUAGES, (MADE_UP, "Brackets")]
    settings.LANGUAGE_CODE = MADE_UP


def bracketed(domain: str) -> Catalog:
    made = Catalog(locale=None)
    for path in sources(domain):
        for message in read_po(BytesIO(path.read_bytes())):
            if not message.id:
                continue
            both = message.id if isinstance(message.id, tuple) else (message.id,)
            brackets = tuple(f"⟦{text}⟧" for text in both)
            made.add(message.id, brackets if len(both) > 1 else brackets[0], context=message.context)
    return made


def sources(domain: str) -> Iterator[Path]:
    yield ROOT / "locale" / "de" / "LC_MESSAGES" / f"{domain}.po"
    for package in (django, allauth):
        yield from Path(package.__file__).parent.rglob(f"locale/en/LC_MESSAGES/{domain}.po")


def data() -> set[str]:
    """The words of all that people wrote."""
    said = [
        *Document.objects.values_list("text", flat=True),
        *Label.objects.values_list("name", flat=True),
        *Label.objects.values_list("description", flat=True),
        *Project.objects.values_list("name", flat=True),
        *Project.objects.values_list("guidelines", flat=True),
        *User.objects.values_list("username", flat=True),
        *ImportJob.objects.values_list("file_name", flat=True),
        *Annotation.objects.values_list("comment", flat=True),
        *settings.ENCODERS,
        "label Another",  # of the file that waits to be imported
    ]
    return {word for text in said for word in re.findall(r"[^\W\d_]{2,}(?:[-’'][^\W\d_]+)*", text)}


@pytest.mark.django_db
def test_every_page_says_only_what_can_be_translated(
    scenery: list[Seen],  # noqa: F811
    made_up_language: None,
    client_of: Callable[[User], Client],
    alice: User,
) -> None:
    client, nobody, known = client_of(alice), Client(), data() | SAME_EVERYWHERE
    found: list[str] = []
    for seen in scenery:
        seen.given()
        page = (nobody if seen.nobody else client).get(seen.path, follow=True).content.decode()
        assert "⟦" in page, seen
        found += [f"{seen.name} {seen.path}: {piece}" for piece in left_over(page, known)]
    assert found == [], "\n".join(dict.fromkeys(found))
