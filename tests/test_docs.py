"""What can be set or called is written down."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

from benchmarks import readme_results
from labeller.annotation.gold import MOST_AT_ONCE
from labeller.corpus.encodings import ENCODINGS
from labeller.corpus.lines import LONGEST
from labeller.corpus.rows import LONGEST_ID, LONGEST_METADATA
from labeller.corpus.services import FORGOTTEN_UPLOADS
from labeller.corpus.taken import LONGEST_LABEL, LONGEST_TEXT
from labeller.notices.forms import MOST_ADDRESSES
from labeller.operations.upload_limit import ANONYMOUS, KILOBYTE, MEGABYTE
from labeller.projects.forms import MOST_PEOPLE, ProjectForm
from labeller.projects.labels import MOST_LABELS
from labeller.projects.models import Invitation
from labeller.search.bulk import MOST
from modelsvc.encoding.encoder_loading import LONGEST_INPUT
from modelsvc.querying.strategies import STRATEGIES

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
RUNNING_GUIDE = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")
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


def test_the_guides_name_no_variable_that_is_gone():
    assert set(re.findall(r"LABELLER_[A-Z_]+", GUIDE + RUNNING_GUIDE)) <= set(variables())


@pytest.mark.parametrize("name", commands())
def test_each_command_is_in_the_engineers_guide(name):
    assert f"`{name}`" in GUIDE


@pytest.mark.parametrize("target", re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
def test_each_make_target_is_in_the_guide_or_a_part_of_others(target):
    assert f"`{target}`" in GUIDE or target.startswith("environment")


def benchmarks() -> list[str]:
    """The modules that can be started."""
    started = 'if __name__ == "__main__":'
    return sorted(path.stem for path in (ROOT / "benchmarks").glob("*.py") if started in path.read_text())


def test_the_table_of_benchmarks_has_each_that_can_be_started():
    section = GUIDE.partition("## Benchmarks\n")[2].partition("\n## ")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    named = [name for cell in cells[1:] for name in re.findall(r"`([a-z_]+)", cell)]
    assert cells[0] == " `.venv/bin/python -m benchmarks.…` "
    assert sorted(named) == benchmarks()


MEGABYTES = settings.UPLOAD_LIMIT // MEGABYTE
LIMITS = {
    "A text": f"{LONGEST_TEXT:,} characters",
    "What an encoder reads of it": f"at most {LONGEST_INPUT} any",
    "A line of a file": f"{LONGEST:,} characters",
    "An id; all other fields of a text": f"{LONGEST_ID} characters; {LONGEST_METADATA:,} as JSON",
    "A label's name; labels of a project": f"{LONGEST_LABEL} characters; {MOST_LABELS:,}",
    "Encodings of an imported file": f"{len(ENCODINGS)}",
    "A file imported in the browser": f"`LABELLER_UPLOAD_LIMIT_MB`, {MEGABYTES};",
    "A request from somebody who is not signed in": f"{ANONYMOUS // KILOBYTE} kB",
    "Texts labelled from one list": f"{MOST:,}",
    "People who answer a text": f"{MOST_PEOPLE}",
    "Gold texts chosen at once": f"{MOST_AT_ONCE}",
    "Addresses for notices, a project": f"{MOST_ADDRESSES}",
    "An invitation": f"one person, {Invitation.LIFETIME_DAYS} days",
}


def test_the_limits_are_those_of_the_code():
    section = RUNNING_GUIDE.partition("## Limits\n")[2]
    rows = dict(re.findall(r"^\| ([^|]+[^| ]) \| (.+) \|$", section, flags=re.MULTILINE))
    assert rows.keys() - {"---"} == LIMITS.keys()
    assert [name for name, limit in LIMITS.items() if limit not in rows[name]] == []


def test_the_proxy_of_the_guide_lets_the_largest_upload_through():
    around = settings.DATA_UPLOAD_MAX_MEMORY_SIZE // MEGABYTE
    assert f"client_max_body_size {MEGABYTES + around}m;" in RUNNING_GUIDE


def test_an_unused_upload_goes_when_the_guide_says():
    assert FORGOTTEN_UPLOADS.days == 7
    assert "goes after seven days" in RUNNING_GUIDE


def test_the_results_of_the_readme_are_those_of_the_benchmark():
    assert readme_results.section() in README, "Say it anew: python -m benchmarks.readme_results"


def test_the_results_were_made_as_the_readme_says():
    for name, told in readme_results.results().items():
        setting = told["setting"]
        assert not setting["audit"], name
        assert setting["label_names"] is not setting["several_labels"], name
        assert setting["found_first"] is setting["several_labels"], name


def test_each_row_of_the_readme_names_all_commits_that_played_ours():
    rows = [line for line in readme_results.section().splitlines() if "**" in line]
    assert len(rows) == len(readme_results.results())
    for row, told in zip(rows, readme_results.results().values(), strict=True):
        ours = [run for run in told["runs"] if run["contender"] == told["labels_needed"]["of"]]
        commits = {by["commit"][:7] for run in ours for by in run["made_by"]}
        assert {name.strip(" +") for name in row.split("|")[-2].split(",")} == commits


PAGES = ["README.md", "docs/engineers.md", "docs/running.md"]


def headings(page: Path) -> set[str]:
    """What a link may name behind its #, as GitHub makes it of each heading."""
    found = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("name", PAGES)
def test_links_to_headings_lead_to_one(name):
    page = ROOT / name
    links = re.findall(r"\]\(([^)#:]*)#([^)]+)\)", page.read_text(encoding="utf-8"))
    assert links
    gone = [(to, heading) for to, heading in links if heading not in headings(page.parent / to if to else page)]
    assert gone == []


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
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_settings_named_in_the_managers_guide_are_fields_of_their_page():
    named = re.findall(r"Set \*\*([^*]+)\*\* to \d+ under \*\*Settings → Project\*\*", MANAGERS_GUIDE)
    assert "People who answer the same text" in named
    assert set(named) <= {str(field.label) for field in ProjectForm.base_fields.values()}
