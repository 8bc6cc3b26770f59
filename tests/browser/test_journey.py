"""The main job, walked once by two people in real browsers: from nothing to a model that runs without this tool.

Everything is real: `manage.py up --demo` with its workers, the encoder's weights, the demo's 480 clauses. On PostgreSQL
and Redis the same walk is about the servers, and full runs go in fewer steps. Pictures on the way go to the folder that
LABELLER_SHOTS names, when it names one.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
import subprocess
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from labeller.annotation.serving import AHEAD
from tests.browser.keyboard import Asked, Keyboard
from tests.browser.shots import take
from tests.browser.walker import PATIENCE_MS, Walker
from tests.learning.scene import LIGHT
from tests.operations.conftest import free_port, installation
from tests.operations.processes import Running, running

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TRAINING_MS = 600_000  # a full run takes half a minute on two idle cores, and some wait behind another
FIRST = 16  # labels: none is due before, and only with two texts a label besides those of the audit
SURELY_DUE = 38  # labels of these clauses
ENOUGH_AUDIT = 30
POINTS = 6
GROUPS = "stands for a group of similar texts"
BY_THE_MODEL = ("few texts like it have been labelled", "the model hesitates between", "Asked at random")
CLAUSES = [
    "We may revise these terms whenever we like, and the new version binds you from the day we post it.",
    "Any dispute will be settled by binding arbitration before a single arbitrator, and not in court.",
    "These terms are governed by the laws of Ireland.",
    "By opening the site you agree to everything written here.",
    "You can download your invoices from the billing page at any time.",
]


@contextmanager
def part(name: str) -> Iterator[None]:
    """Says how long a part of the walk took; `pytest -s` shows it."""
    started = time.perf_counter()
    yield
    print(f"{time.perf_counter() - started:6.1f} s  {name}")


house = installation  # a fixture of its own name here: an empty installation, on the servers the suite was given


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """Other programs want the same cores while the model trains: a state is waited for, not a speed."""
    expect.set_options(timeout=PATIENCE_MS)
    yield
    expect.set_options(timeout=5_000)


@pytest.fixture
def installed(tmp_path: Path, house: dict[str, str]) -> Iterator[tuple[Running, str, dict[str, str]]]:
    """The demo, started: (its processes, its address, passwords by user name)."""
    port = free_port()
    env = house | {"LABELLER_RECIPE": json.dumps(LIGHT)} if "LABELLER_DATABASE_URL" in house else house
    with running("manage.py", "up", "--demo", "--port", str(port), env=env, log=tmp_path / "up.log") as run:
        with part("start to the first page"):
            run.wait_for("Ctrl-C stops it.")
        yield run, f"http://127.0.0.1:{port}/", dict(re.findall(r"Sign in as (\w+) +password (\S+)", run.output))


def test_two_people_label_train_measure_and_take_a_model_away(installed, browser: Any, tmp_path: Path) -> None:
    run, address, passwords = installed
    manager, annotator = Walker(browser, address), Walker(browser, address)
    with part("both sign in"):
        for walker, name in ((manager, "manager"), (annotator, "annotator")):
            walker.sign_in(name, passwords[name])
            walker.page.get_by_role("link", name="Terms of service (demo)").click()
    with part("the texts are read and put in order"):
        expect(queue_box(manager)).to_contain_text("Ordered by groups of similar texts", timeout=TRAINING_MS)
        take(manager.page, "overview-empty")
        annotator.go("Label")
    keyboard = Keyboard(annotator.page)
    with part("16 labels by keyboard, with undo, skip, unsure and a comment"):
        label_the_first_sixteen(keyboard)
    with part("a full run starts by itself and shows how far it is"):
        see_a_full_run_start(manager, annotator, keyboard)
    with part("on to 40 labels meanwhile"):
        keyboard.label_until(lambda: len(keyboard.labelled) == 40)
        see_what_the_quick_model_changed(annotator, keyboard)
    with part("the full run ends and its model is in use"):
        see_the_full_model(manager)
        see_that_evidence_is_missing(manager, keyboard)
    with part("on to 30 audit labels"):
        keyboard.label_until(lambda: keyboard.audit == ENOUGH_AUDIT)
    with part(f"a curve of {POINTS} points"):
        label_until_the_curve_has(POINTS, keyboard, manager)
        keyboard.label_until(keyboard.sees_a_suggestion)
        take(annotator.page, "label")
        see_the_sentence_and_the_curve(manager)
        take_pictures(manager)
    with part("labels are taken away as CSV and JSON Lines"):
        check_exports(manager, keyboard.asked)
    with part("a model is packed, taken away and used by itself"):
        cancel_what_runs(manager)
        use_without_the_project(download_model(manager, tmp_path))
    print(f"{len(keyboard.labelled)} labels, {keyboard.audit} of them audit labels")
    assert manager.complaints + annotator.complaints == []
    for walker in (manager, annotator):
        walker.context.close()
    with part("everything stops"):
        assert run.end() == 0
        assert run.members() == {}
    assert "Traceback" not in run.output


def queue_box(walker: Walker) -> Any:
    return walker.page.locator("#learning-status")


def label_the_first_sixteen(keyboard: Keyboard) -> None:
    keyboard.begin()
    keyboard.label_until(lambda: len(keyboard.labelled) == 4)
    undone = keyboard.label()
    keyboard.undo()
    assert keyboard.label().text == undone.text
    keyboard.skip()
    keyboard.label_until(lambda: len(keyboard.labelled) == 8)
    keyboard.unsure()
    keyboard.label(comment="Two kinds in one clause")
    keyboard.label_until(lambda: len(keyboard.labelled) == FIRST)


def see_a_full_run_start(manager: Walker, annotator: Walker, keyboard: Keyboard) -> None:
    """Asked for by nobody; both see the same bar, with the time that is left."""
    bar = queue_box(manager).get_by_role("progressbar", name="Fine-tuning")
    keyboard.label_until(lambda: bar.is_visible() or len(keyboard.labelled) == SURELY_DUE)
    expect(bar).to_be_visible()
    expect(queue_box(manager)).to_contain_text(re.compile(r"\d+ % · .+ left"), timeout=TRAINING_MS)
    before = float(bar.get_attribute("value"))
    manager.page.wait_for_function(
        "before => (document.querySelector('#learning-status progress')?.value ?? 1) > before",
        arg=before,
        timeout=TRAINING_MS,
    )
    expect(queue_box(manager).get_by_role("button", name="Cancel")).to_be_visible()
    expect(queue_box(annotator).get_by_role("progressbar", name="Fine-tuning")).to_be_visible()
    expect(queue_box(annotator).get_by_role("button", name="Cancel")).to_have_count(0)
    take(annotator.page, "label-training")
    take(manager.page, "overview-training")


def see_what_the_quick_model_changed(annotator: Walker, keyboard: Keyboard) -> None:
    """Who orders the queue, the reasons above the texts, and the suggestions on the buttons."""
    ordered = re.compile(r"Ordered by the quick model.* on 40 labels, (.+ ago|just now)")
    expect(queue_box(annotator)).to_contain_text(ordered)
    first = [one for one in keyboard.asked if not one.is_audit][:3]
    assert any(GROUPS in one.reason for one in first), first
    assert not any(one.suggested for one in first)
    already = len(keyboard.asked) + AHEAD  # the page holds texts that were chosen before
    keyboard.label_until(lambda: len([one for one in keyboard.asked[already:] if not one.is_audit]) == 5)
    last = [one for one in keyboard.asked[already:] if not one.is_audit]
    assert all(any(why in one.reason for why in BY_THE_MODEL) for one in last), last
    assert all(one.suggested and 0 < one.suggested[1] <= 100 for one in last), last
    audit = [one for one in keyboard.asked if one.is_audit]
    assert audit and not any(one.suggested for one in audit)  # seen before the answer it would flatter the model


def see_the_full_model(manager: Walker) -> None:
    manager.go("Results")
    manager.go_to_part("Models")
    row = manager.page.locator("#model-table tr", has=manager.page.locator(".badge.full")).last
    row.wait_for(timeout=TRAINING_MS)
    # Some ten of its labels are audit labels: too few for a figure, and about enough to let it serve.
    expect(row).to_contain_text("too few")
    expect(row).to_contain_text(re.compile("not promoted|reads the texts"))
    manager.go_to_part("Curve")


def see_that_evidence_is_missing(manager: Walker, keyboard: Keyboard) -> None:
    missing = ENOUGH_AUDIT - keyboard.audit
    sentence = f"Not enough evidence yet: {keyboard.audit} of 30 audit labels, {missing} are missing."
    expect(manager.page.locator("#standing h1")).to_have_text(sentence)
    expect(manager.page.locator(".evidence")).to_contain_text(
        f"{keyboard.audit} of 30 audit labels · {len(keyboard.labelled)} labels in all"
    )
    expect(manager.page.locator("#curve")).to_be_hidden()
    take(manager.page, "results-too-few", whole=True)


def label_until_the_curve_has(points: int, keyboard: Keyboard, manager: Walker) -> None:
    """Every five labels, or 5 %, make a model worth a point; the results page follows by itself."""
    drawn = 0
    while drawn < points:
        for _ in range(7):
            keyboard.label()
        more = "drawn => Number(document.getElementById('standing').dataset.points) > drawn"
        manager.page.wait_for_function(more, arg=drawn)
        drawn = int(manager.page.locator("#standing").get_attribute("data-points"))


def see_the_sentence_and_the_curve(manager: Walker) -> None:
    """The sentence, the picture and the table say the same; the interval of the audit texts alone is Wilson's, worked
    out here again. It stands below the figure that leads, where there is another one."""
    newest, rows, points = same_moment(manager)
    said = manager.page.locator("#standing").inner_text()
    per_hundred = re.search(r"The model is right on about (\d+) in 100 texts\.", said)
    detail = re.search(r"Between (\d+) and (\d+) \(95 % interval\), measured on (\d+) texts.* model (\d+)", said)
    assert per_hundred and detail, said
    low, high, n_audit, model = map(int, detail.groups())
    assert model <= int(newest)
    row = next(row for row in rows if row[1].split()[0] == str(model))
    figures = [float(figure) for figure in re.findall(r"\d+\.\d", row[3])]
    assert [round(figure) for figure in figures[:3]] == pytest.approx([int(per_hundred[1]), low, high], abs=1)
    value, *interval = figures[-3:]
    correct = round(value * n_audit / 100)
    assert interval == pytest.approx([100 * bound for bound in wilson(correct, n_audit)], abs=0.051)
    measured = [row for row in rows if "too few" not in row[3]]
    assert len(measured) == len(points) >= POINTS
    for row, point in zip(measured, reversed(points), strict=True):
        assert row[:3] == [point["Labels"], point["Model"].replace("(", "").replace(")", ""), point["Audit texts"]]
        assert row[3].startswith(point["Accuracy"].replace("(", "").replace(")", ""))
        assert row[4].startswith(point["Macro-F1"].replace("(", "").replace(")", ""))


def same_moment(manager: Walker) -> tuple[str, list[list[str]], list[dict[str, Any]]]:
    """(Newest model, the table's cells, the picture's points), all of one and the same newest model."""
    page = manager.page
    page.wait_for_function("""() => {
      const drawn = document.getElementById("curve").dataset.drawn?.split(" ")[1];
      return drawn === document.getElementById("standing").dataset.newest;
    }""")
    newest = page.locator("#standing").get_attribute("data-newest")
    spec = manager.get_json(page.locator("#curve").get_attribute("data-spec"))
    cells = "rows => rows.map(row => [...row.cells].map(cell => cell.innerText.replace(/\\s+/g, ' ').trim()))"
    rows = page.locator("#curve-table tbody tr").evaluate_all(cells)
    points = spec["data"]["values"]
    marks = page.locator("#curve-canvas svg g.mark-symbol").first.locator("path").count()
    if page.locator("#standing").get_attribute("data-newest") != newest or marks != len(points):
        # A model was made while we looked: the page follows by itself.
        page.wait_for_function("newest => document.getElementById('standing').dataset.newest !== newest", arg=newest)
        return same_moment(manager)
    return newest, rows, points


def wilson(correct: int, n: int, z: float = 1.959964) -> tuple[float, float]:
    """Wilson (1927): the shares that a test at 5 % would not refuse."""
    middle, half = correct / n + z * z / (2 * n), z * math.sqrt(correct * (n - correct) / n**3 + (z / (2 * n)) ** 2)
    return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)


def take_pictures(manager: Walker) -> None:
    take(manager.page, "results")
    take(manager.page, "results-whole", whole=True)
    for name in ("Overview", "Data"):
        manager.go(name)
        if name == "Overview":
            queue_box(manager).wait_for()
        take(manager.page, name.lower(), whole=name == "Overview")
    manager.go("Results")


def check_exports(manager: Walker, asked: list[Asked]) -> None:
    """Each answer that stands is in both files, with what was said and why the text was asked."""
    table = list(csv.DictReader(io.StringIO(download(manager, "Labels as CSV").decode())))
    lines = [json.loads(line) for line in download(manager, "Labels as JSON Lines").splitlines()]
    assert len(table) == len(lines) == len(asked)
    for rows in (table, lines):
        assert Counter(row["status"] for row in rows) == Counter(
            one.answer if one.answer in ("skipped", "unsure") else "labelled" for one in asked
        )
        assert sum(row["source"] == "audit" for row in rows) == sum(one.is_audit for one in asked)
    said = {one.text: one for one in asked}
    for line in lines:
        one = said[line["text"]]
        assert line["labels"] == ([one.answer] if line["status"] == "labelled" else [])
        assert (line["comment"], line["annotator"]) == (one.comment, "annotator")
    assert sum(bool(row["comment"]) for row in table) == 1


def download(walker: Walker, link: str) -> bytes:
    with walker.page.expect_download() as started:
        walker.page.get_by_role("link", name=link).click()
    return Path(started.value.path()).read_bytes()


def cancel_what_runs(manager: Walker) -> None:
    """The next full run has begun by itself; packing would wait behind it."""
    manager.go("Overview")
    cancel = queue_box(manager).get_by_role("button", name="Cancel")
    if cancel.count():
        cancel.click()
    expect(queue_box(manager).get_by_role("progressbar", name="Fine-tuning")).to_have_count(0)
    manager.go("Results")


def download_model(manager: Walker, tmp_path: Path) -> Path:
    """The newest full model's zip, unpacked. Offered only after a fresh process has used it."""
    page = manager.page
    manager.go_to_part("Models")
    row = page.locator("#model-table tr", has=page.locator(".badge.full")).first
    number = row.locator("th").inner_text().split()[0]
    page.get_by_role("button", name=f"Prepare a zip of model {number}").click()
    cell = page.locator("#model-table tr", has=page.locator("th", has_text=re.compile(rf"^{number} "))).locator(".zip")
    link = cell.get_by_role("link", name=f"Download model {number}")
    link.wait_for(timeout=TRAINING_MS)
    expect(cell).to_contain_text("checked: same answers on 20 texts")
    with page.expect_download() as started:
        link.click()
    assert started.value.suggested_filename.endswith(f"-model-{number}.zip")
    folder = tmp_path / "taken away"
    with zipfile.ZipFile(started.value.path()) as archive:
        archive.extractall(folder)
    return folder


def use_without_the_project(folder: Path) -> None:
    """In a process that cannot import us, five clauses get a label and nine probabilities each."""
    inside = folder if (folder / "predict.py").exists() else next(folder.glob("*/predict.py")).parent
    stranger = subprocess.run([sys.executable, "-I", "-c", "import labeller"], cwd=inside, capture_output=True)
    assert b"ModuleNotFoundError" in stranger.stderr
    command = [sys.executable, "-I", "predict.py", "--all", *CLAUSES]
    done = subprocess.run(command, cwd=inside, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["text"] for answer in answers] == CLAUSES
    for answer in answers:
        assert len(answer["probabilities"]) == 9 and math.isclose(
            sum(answer["probabilities"].values()), 1, abs_tol=1e-3
        )
        assert answer["labels"] == [max(answer["probabilities"], key=answer["probabilities"].get)]
    print("        ", [f"{answer['labels'][0]} {answer['probability']:.2f}" for answer in answers])
