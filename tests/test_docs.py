"""What can be set or called is written down."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from labeller.projects.forms import ProjectForm
from modelsvc.strategies import STRATEGIES

ROOT = Path(__file__).resolve().parents[1]
GUIDE = (ROOT / "docs" / "engineers.md").read_text(encoding="utf-8")
MANAGERS_GUIDE = (ROOT / "docs" / "managers.md").read_text(encoding="utf-8")
STRATEGY_GUIDE = (ROOT / "docs" / "strategies.md").read_text(encoding="utf-8")


def variables() -> list[str]:
    source = "".join(path.read_text() for path in (ROOT / "labeller").rglob("*.py"))
    return sorted(set(re.findall(r'"(LABELLER_[A-Z_]+)"', source)))


def commands() -> list[str]:
    return sorted(
        path.stem for path in (ROOT / "labeller").glob("*/management/commands/*.py") if path.stem != "__init__"
    )


def test_there_is_something_to_check():
    assert {"LABELLER_HOME", "LABELLER_DATABASE_URL"} <= set(variables())
    assert {"up", "train"} <= set(commands())


@pytest.mark.parametrize("name", variables())
def test_each_variable_is_in_the_engineers_guide(name):
    assert f"`{name}`" in GUIDE


def test_the_guide_names_no_variable_that_is_gone():
    assert set(re.findall(r"LABELLER_[A-Z_]+", GUIDE)) <= set(variables())


@pytest.mark.parametrize("name", commands())
def test_each_command_is_in_the_engineers_guide(name):
    assert f"`{name}`" in GUIDE


@pytest.mark.parametrize("target", re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
def test_each_make_target_is_in_the_guide_or_a_part_of_others(target):
    assert f"`{target}`" in GUIDE or target.startswith("environment")


@pytest.mark.parametrize("name", sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md")))
def test_links_between_guides_lead_somewhere(name):
    guide = ROOT / name
    links = re.findall(r"\]\(([^)#:]+)\)", guide.read_text(encoding="utf-8"))
    assert [link for link in links if not (guide.parent / link).exists()] == []


@pytest.mark.parametrize("name", sorted(STRATEGIES))
def test_each_query_strategy_is_described(name):
    rows = [line for line in STRATEGY_GUIDE.splitlines() if line.startswith(f"| `{name}` |")]
    assert len(rows) == 1
    _, _, asks, good_for, _, _ = rows[0].split("|")
    assert len(asks) > 20 and good_for.strip()


def test_the_guide_describes_no_strategy_that_is_gone():
    assert set(re.findall(r"^\| `([a-z-]+)` \|", STRATEGY_GUIDE, flags=re.MULTILINE)) == set(STRATEGIES)


def test_links_and_pictures_of_the_readme_lead_somewhere():
    links = re.findall(r"\]\(([^)#:]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_settings_named_in_the_managers_guide_are_fields_of_their_page():
    named = re.findall(r"Set \*\*([^*]+)\*\* to \d+ under \*\*Settings → Project\*\*", MANAGERS_GUIDE)
    assert "People who answer the same text" in named
    assert set(named) <= {str(field.label) for field in ProjectForm.base_fields.values()}
