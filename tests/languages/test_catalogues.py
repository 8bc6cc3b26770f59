"""The catalogues in locale/ are whole: every string of the interface is in them, translated, and compiled."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po
from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = [code for code, _ in settings.LANGUAGES if code != "en"]
needs_gettext = pytest.mark.skipif(
    shutil.which("xgettext") is None, reason="needs gettext to gather strings: apt install gettext"
)


def folder(language: str) -> Path:
    return ROOT / "locale" / language / "LC_MESSAGES"


def catalogue(path: Path) -> Catalog:
    return read_po(BytesIO(path.read_bytes()))


def messages(language: str, domain: str) -> list[Message]:
    return [message for message in catalogue(folder(language) / f"{domain}.po") if message.id]


def forms(message: Message) -> list[tuple[str, str]]:
    """(source, translation) of each form; the singular's source beside the first."""
    if not isinstance(message.id, tuple):
        return [(message.id, message.string)]
    return [(message.id[min(at, 1)], string) for at, string in enumerate(message.string)]


def strings(found: Iterable[Message]) -> dict[tuple[tuple[str, ...], str], tuple[str, ...]]:
    """Babel reads plural forms as tuples from a .po and as lists from a .mo, and a .mo's contexts as bytes."""

    def context(of: str | bytes | None) -> str:
        return of.decode() if isinstance(of, bytes) else of or ""

    return {(tuple(each.id), context(each.context)): tuple(each.string) for each in found if each.id}


@pytest.fixture(scope="module")
def gathered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources and the catalogues elsewhere, gathered anew: makemessages writes beside what it reads."""
    copy = tmp_path_factory.mktemp("gathered")
    for name in ("labeller", "templates", "static", "locale"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
    for domain in ("django", "djangojs"):
        command = [sys.executable, "-m", "django", "makemessages", "--all", "--no-obsolete", "--domain", domain]
        subprocess.run(command, cwd=copy, check=True, capture_output=True, env={"PATH": "/usr/bin:/bin"})
    return copy


@pytest.mark.parametrize("domain", ["django", "djangojs"])
@pytest.mark.parametrize("language", LANGUAGES)
class TestEachCatalogue:
    @needs_gettext
    def test_has_the_strings_of_the_sources_and_no_others(self, language, domain, gathered):
        fresh = {message.id for message in catalogue(gathered / "locale" / language / "LC_MESSAGES" / f"{domain}.po")}
        kept = {message.id for message in catalogue(folder(language) / f"{domain}.po")}
        assert (sorted(map(str, fresh - kept)), sorted(map(str, kept - fresh))) == ([], []), "run: make messages"

    def test_translates_each_string_and_guesses_none(self, language, domain):
        found = messages(language, domain)
        assert found
        assert [each.id for each in found if each.fuzzy or not all(string for _, string in forms(each))] == []

    def test_keeps_the_places_for_values(self, language, domain):
        def places(text: str) -> set[str]:
            return set(re.findall(r"%\(\w+\)\w|%[sd]|\{\w*\}", text))

        wrong = [
            source
            for message in messages(language, domain)
            for source, translation in forms(message)
            # A singular may say "one" for its number.
            if places(translation) != places(source) and not places(translation) < places(source)
        ]
        assert wrong == []

    def test_keeps_the_tags(self, language, domain):
        def tags(text: str) -> list[str]:
            return sorted(re.findall(r"</?\w+", text))

        pairs = [pair for message in messages(language, domain) for pair in forms(message)]
        assert [source for source, translation in pairs if tags(source) != tags(translation)] == []

    def test_is_compiled_as_it_stands(self, language, domain):
        compiled = read_mo(BytesIO((folder(language) / f"{domain}.mo").read_bytes()))
        assert strings(compiled) == strings(messages(language, domain)), "run: make messages"
