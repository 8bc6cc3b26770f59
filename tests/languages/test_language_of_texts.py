"""On a page in one language, texts in another are marked as such: a German voice does not read an English clause."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from django.test import Client
from django.urls import reverse

from labeller.corpus.models import Document
from labeller.projects.languages import languages_of_texts
from labeller.projects.models import Project, User
from tests.cast import add_texts
from tests.scenery import Seen, scenery  # noqa: F401  # a fixture

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
ENOUGH = 20  # characters by which a piece of a text is known again, though a page cuts it short or marks words in it


class Spoken(HTMLParser):
    """Pieces of a page, each with the language in which it is read aloud."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[tuple[str, str]] = []
        self._open: list[tuple[str, str]] = [("", "")]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self._open.append((tag, dict(attrs).get("lang", self._open[-1][1]) or ""))

    def handle_endtag(self, tag: str) -> None:
        while len(self._open) > 1 and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._open[-1][0] not in ("script", "style", "textarea", "title") and data.strip():
            self.pieces.append((" ".join(data.split()), self._open[-1][1]))


def spoken(html: str) -> list[tuple[str, str]]:
    parser = Spoken()
    parser.feed(html)
    return parser.pieces


def written() -> str:
    """All texts and guidelines, in one line each."""
    texts = [*Document.objects.values_list("text", flat=True), *Project.objects.values_list("guidelines", flat=True)]
    return "\n".join(" ".join(text.split()) for text in texts)


@pytest.mark.django_db
def test_on_every_page_texts_and_guidelines_are_in_their_own_language(
    scenery: list[Seen],  # noqa: F811
    client_of: Callable[[User], Client],
    alice: User,
) -> None:
    Project.objects.update(language="eo")
    client, met, wrong = client_of(alice), set(), []
    for seen in scenery:
        seen.given()
        page = (Client() if seen.nobody else client).get(seen.path, follow=True).content.decode()
        texts, pieces = written(), spoken(page)
        told = [(piece, language) for piece, language in pieces if len(piece) >= ENOUGH and piece[:ENOUGH] in texts]
        met |= {seen.name} if told else set()
        wrong += [f"{seen.name} {seen.path}: {piece[:60]}" for piece, language in told if language != "eo"]
    assert met >= {"label", "answers", "answer-change", "data", "search", "review", "gold", "project", "guidelines"}
    assert wrong == [], "\n".join(wrong)


def test_a_text_whose_language_nobody_said_is_in_none_of_the_pages(project, bob, client_of):
    add_texts(project, ["The court decides in California."])
    page = client_of(bob).get(reverse("label", args=[project.slug]), headers={"accept-language": "de"}).content.decode()
    assert ("The court decides in California.", "") in spoken(page)
    assert ("Überspringen", "de") in spoken(page)


def test_labels_are_spoken_as_the_texts_are_and_the_buttons_beside_them_as_the_page(project, bob, client_of):
    Project.objects.update(language="en")
    add_texts(project, ["The court decides in California."])
    page = client_of(bob).get(reverse("label", args=[project.slug]), headers={"accept-language": "de"}).content.decode()
    assert {("Court", "en"), ("Überspringen", "de")} <= set(spoken(page))


def test_a_language_is_chosen_by_its_name_in_the_language_of_the_page(project, alice, client_of):
    url = reverse("project-settings", args=[project.slug])
    page = client_of(alice).get(url, headers={"accept-language": "de"}).content.decode()
    assert '<option value="eo">Esperanto</option>' in page and '<option value="el">Griechisch</option>' in page
    codes = [code for code, _ in languages_of_texts()]
    assert codes[0] == "" and len(set(codes)) == len(codes)
