"""The comparison of contenders: what is kept, what is made again, what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import label_efficiency
from benchmarks.contenders import Arena, full_runs_at
from benchmarks.label_efficiency_report import Report
from labeller.learning import measured_on
from labeller.learning.line_process import ProcessFailed
from labeller.learning.replay.file import read_material
from labeller.learning.replay.lines import ReplayRefused

BY = {"commit": "abc1234", "dirty": False, "machine": {"cores": 2}}
SETTING = {"train": "a", "several_labels": False, "threads": 1}


def point(labels: int, accuracy: float, **facts: Any) -> dict[str, Any]:
    return {"labels": labels, "accuracy": accuracy, "seconds": 1.0} | facts


@pytest.fixture
def train(tmp_path: Path) -> Path:
    path = tmp_path / "train.jsonl"
    rows = [{"text": f"text {n}", "label": "ab"[n % 2]} for n in range(30)]
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def arena(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, list[int]]]:
    """Contenders that answer at once, (who, seed, rows labelled before); `a` fails."""
    asked: list[tuple[str, int, list[int]]] = []

    def ours(self: Arena, policy: str, seed: int) -> list[dict[str, Any]]:
        asked.append((policy, seed, []))
        return [point(n, round(n / 20 + seed / 100, 2)) for n in self.labels]

    def rival(self: Arena, key: str, seed: int, chosen: list[int]) -> list[dict[str, Any]]:
        asked.append((key, seed, list(chosen)))
        if key == "a":
            raise ProcessFailed("No memory.")
        return [point(n, n / 40, chosen=list(range(n))) for n in self.labels if n > len(chosen)]

    monkeypatch.setattr(Arena, "play_ours", ours)
    monkeypatch.setattr(Arena, "play_rival", rival)
    return asked


def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: object, ends_with: int = 0
) -> dict[str, Any]:
    monkeypatch.setattr("sys.argv", ["label_efficiency", *map(str, words)])
    try:
        label_efficiency.main()
        assert ends_with == 0
    except SystemExit as end:
        if end.code != ends_with:
            raise
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def test_all_contenders_are_told_beside_each_other_and_nothing_is_made_twice(
    train: Path, tmp_path: Path, arena: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [train, "--held-back", "--seeds", 2, "--rivals", "a,b", "--json", tmp_path / "out.json"]
    told = run(monkeypatch, capsys, *words, "--labels", "8,12", "--png", tmp_path / "out.png", ends_with=1)
    assert [(who, seed) for who, seed, _ in arena] == [
        (who, seed) for seed in (0, 1) for who in ("default", "a", "b")
    ]  # seed by seed, so that a run cut short compares like with like
    assert told["curves"]["default"]["accuracy"][0] | {"spread": 0} == {
        "labels": 8, "mean": 0.405, "median": 0.405, "low": 0.4, "high": 0.41, "spread": 0, "seeds": 2,
    }  # fmt: skip
    needed = told["labels_needed"]["for_the_mean_of"]["b"]
    assert [(one["labels"], one["ours"], one["ratio"], one["at_most"]) for one in needed] == [
        (8, 8.0, 1.0, True), (12, 8.0, 1.5, True),
    ]  # fmt: skip
    assert [run["failed"] for run in told["runs"] if run["contender"] == "a"] == ["No memory."] * 2
    assert (told["setting"]["pool"], told["setting"]["tested_on"], told["figure"]) == (20, 10, "accuracy")
    assert json.loads((tmp_path / "out.json").read_text())["runs"] == told["runs"]
    assert (tmp_path / "out.png").stat().st_size > 1000

    arena.clear()  # one more count: ours is asked again, a rival goes on, what failed is tried again
    again = run(monkeypatch, capsys, *words, "--labels", "8,12,16", ends_with=1)
    assert arena[:3] == [("default", 0, []), ("a", 0, []), ("b", 0, list(range(12)))]
    assert [p["labels"] for p in again["runs"][-1]["points"]] == [8, 12, 16]
    arena.clear()
    run(monkeypatch, capsys, *words, "--labels", "8,12,16", ends_with=1)
    assert [who for who, _, _ in arena] == ["a", "a"]


def test_the_first_policy_asked_for_is_compared_with_the_others(
    train: Path, tmp_path: Path, arena: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = [train, "--held-back", "--seeds", 1, "--labels", "8", "--rivals", "b", "--json", tmp_path / "out.json"]
    told = run(monkeypatch, capsys, *words, "--policy", "random,default")
    assert told["labels_needed"]["of"] == "random" and list(told["contenders"]) == ["random", "default", "b"]
    told = run(monkeypatch, capsys, *words, "--policy", "margin")
    assert told["labels_needed"]["of"] == "margin" and list(told["contenders"]) == ["margin", "default", "random", "b"]


def test_no_seed_is_begun_after_the_time_given_and_those_left_are_named(
    train: Path, arena: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ticks = iter([0.0, 1.0, 61.0, 62.0])
    monkeypatch.setattr(label_efficiency.time, "monotonic", lambda: next(ticks))
    words = [train, "--held-back", "--seeds", 3, "--labels", 8, "--rivals", "b", "--seconds", 60]
    monkeypatch.setattr("sys.argv", ["label_efficiency", *map(str, words)])
    label_efficiency.main()
    said = capsys.readouterr()
    assert [(who, seed) for who, seed, _ in arena] == [("default", 0), ("b", 0)]
    assert said.err.endswith(
        "Time is up: default seeds 1, 2 were not begun.\nTime is up: b seeds 1, 2 were not begun.\n"
    )
    assert json.loads(said.out)["unfinished"] == [
        {"contender": who, "seed": seed} for seed in (1, 2) for who in ("default", "b")
    ]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--held-back", "--labels", "8,4"], "no list of ascending numbers"),
        (["--held-back", "--labels", "8,21"], "21 labels are wanted but there are 20 texts"),
        (["--held-back", "--labels", "8", "--rivals", "b,z"], "no rival 'z'; known: a, b, c, d, e, svm"),
        (["--held-back", "--labels", "8", "--policy", "best"], "no policy 'best'; known: badge, cold, cold-names"),
        (["--held-back", "--labels", "8", "--policy", "default,default"], "policy 'default' is asked for twice"),
        (["--held-back", "--labels", "8", "--rivals", "b,b"], "rival 'b' is asked for twice"),
        (["--held-back", "--policy", "", "--rivals", "", "--labels", "8"], "Nobody takes part"),
        (["--held-back", "--seeds", "0"], "--seeds 0 cannot be; ask for 1 or more"),
        (["--held-back", "--first-seed", "-1"], "--first-seed -1 cannot be; ask for 0 or more"),
        (["--held-back", "--refit-every", "0"], "--refit-every 0 cannot be"),
        (["--held-back", "--threads", "-3"], "--threads -3 cannot be"),
        (["--held-back", "--seconds", "nan"], "--seconds nan leaves no time"),
        (["--held-back", "--labels", "8", "--rivals", "d"], "need --bench-python"),
        (["--held-back", "--labels", "8", "--rivals", "d", "--bench-python", "nowhere"], "nowhere is no program"),
        (["--held-back", "--labels", "8", "--png", "nowhere/c.png"], "There is no folder nowhere; make it first"),
        (["--held-back", "--labels", "8", "--json", "tests"], "tests is a folder; name a file"),
        (["--held-back", "--labels", "1", "--found-first"], "With 2 labels found by search"),
        (["--labels", "8"], "There is no test file"),
        (["nowhere.jsonl", "--labels", "8"], "nowhere.jsonl cannot be read"),
    ],
)
def test_bad_input_ends_with_2_and_a_sentence(
    train: Path,
    words: list[str],
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as end:
        run(monkeypatch, capsys, train, *words)
    assert end.value.code == 2 and sentence in capsys.readouterr().err


@pytest.mark.parametrize(
    ("recipe", "sentence"),
    [
        ('{"epoch": 1}', "LABELLER_RECIPE: There is no switch 'epoch'; here are: teacher,"),
        ("{epochs", "LABELLER_RECIPE: it is not JSON"),
    ],
)
def test_a_wrong_recipe_ends_with_2_before_anything_is_read(
    recipe: str, sentence: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LABELLER_RECIPE", recipe)
    with pytest.raises(SystemExit) as end:
        run(monkeypatch, capsys, "nowhere.jsonl", "--held-back")
    assert end.value.code == 2 and sentence in capsys.readouterr().err


def test_figures_of_another_setting_do_not_come_into_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    Report(path, SETTING).add("b", 0, [point(8, 0.5)], BY)
    assert Report.read(path, SETTING).runs["b", 0]["points"] == [point(8, 0.5)]
    with pytest.raises(ReplayRefused, match="runs with threads = 1, now it is 2"):
        Report.read(path, SETTING | {"threads": 2})
    with pytest.raises(ReplayRefused, match="runs with threads = 1, now it is None"):
        Report.read(path, {name: SETTING[name] for name in ("train", "several_labels")})
    path.write_text("[]")
    with pytest.raises(ReplayRefused, match="no report of this benchmark"):
        Report.read(path, SETTING)


def test_a_file_from_before_texts_of_the_test_were_left_out_is_gone_on_with_as_it_began(
    train: Path, tmp_path: Path, arena: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    test, old = tmp_path / "test.jsonl", tmp_path / "old.json"
    test.write_text('{"text": "text 3", "label": "b"}\n{"text": "new", "label": "a"}\n', encoding="utf-8")
    words = [train, test, "--seeds", 1, "--labels", "8", "--rivals", "b", "--json"]
    new = run(monkeypatch, capsys, *words, tmp_path / "new.json")
    assert (new["setting"]["pool"], new["setting"]["in_test_too"], new["texts"]["in_both"]) == (29, "left out", 1)
    setting = {name: value for name, value in new["setting"].items() if name not in ("recipe", "in_test_too")}
    old.write_text(json.dumps({"setting": setting | {"pool": 30}, "runs": new["runs"]}))
    arena.clear()
    again = run(monkeypatch, capsys, *words, old, "--seeds", 2)
    assert [seed for _, seed, _ in arena] == [1, 1]
    assert (again["setting"]["pool"], again["setting"]["in_test_too"]) == (30, "kept")


def test_each_run_says_what_made_it_and_runs_of_several_commits_are_told(
    train: Path, tmp_path: Path, arena: list[Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "out.json"

    def by(commit: str, *words: object) -> tuple[dict[str, Any], str]:
        monkeypatch.setattr(measured_on, "commit", lambda: commit)
        told = [train, "--held-back", "--rivals", "b", "--json", path, *words]
        monkeypatch.setattr("sys.argv", ["label_efficiency", *map(str, told)])
        label_efficiency.main()
        said = capsys.readouterr()
        return json.loads(said.out), said.err

    first, said = by("abc1234", "--seeds", 1, "--labels", "8")
    assert first["commits"] == ["abc1234"] and "several commits" not in said
    assert [(one["commit"], one["dirty"]) for one in first["runs"][0]["made_by"]] == [("abc1234", False)]
    assert first["runs"][0]["made_by"][0]["machine"]["cores"]
    again, said = by("def5678+", "--seeds", 2, "--labels", "8")
    sentence = "Runs of several commits stand beside one another: abc1234, def5678+. Each run names its own.\n"
    assert again["commits"] == ["abc1234", "def5678+"] and said.count(sentence) == 1
    assert said.index(sentence) < said.index("begun")
    assert {(run["contender"], run["seed"]): run["made_by"][0]["commit"] for run in again["runs"]} == {
        ("b", 0): "abc1234", ("default", 0): "abc1234", ("b", 1): "def5678", ("default", 1): "def5678",
    }  # fmt: skip
    assert again["runs"][-1]["made_by"][0]["dirty"]
    _, said = by("abc1234", "--seeds", 2, "--labels", "8")  # all is there: nothing new, but still of two
    assert sentence in said
    more, _ = by("abc1234", "--seeds", 2, "--labels", "8,12")  # ours is asked anew, a rival goes on
    made = {(run["contender"], run["seed"]): [one["commit"] for one in run["made_by"]] for run in more["runs"]}
    assert made == {("b", 0): ["abc1234"], ("default", 0): ["abc1234"], ("b", 1): ["def5678", "abc1234"],
                    ("default", 1): ["abc1234"]}  # fmt: skip


def test_a_file_from_before_runs_said_what_made_them_has_its_own_commit_for_each(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    run = {"contender": "default", "seed": 0, "points": [point(8, 0.5)]}
    kept = {"setting": SETTING, "runs": [run], "commit": "abc1234+", "machine": {"cores": 2}}
    path.write_text(json.dumps(kept))
    report = Report.read(path, SETTING)
    assert report.commits == ["abc1234+"]
    assert report.runs["default", 0]["made_by"] == [{"commit": "abc1234", "dirty": True, "machine": {"cores": 2}}]
    path.write_text(json.dumps({"setting": SETTING, "runs": [run]}))
    assert Report.read(path, SETTING).commits == []


@pytest.mark.parametrize("name", ["banking77", "tos_unfair"])
def test_the_kept_results_can_be_gone_on_with(name: str) -> None:
    path = Path(__file__).parents[2] / "benchmarks" / "results" / f"{name}.json"
    kept = json.loads(path.read_text(encoding="utf-8"))
    report = Report.read(path, kept["setting"])
    assert [*map(report.runs.get, sorted(report.runs))] == kept["runs"] and report.commits == kept["commits"] != []
    assert all(run["made_by"] for run in kept["runs"])


def test_figures_of_two_recipes_do_not_come_into_the_same_file(tmp_path: Path) -> None:
    path, epochs = tmp_path / "out.json", {"recipe": {"epochs": 3}}
    Report(path, SETTING | epochs).add("default", 0, [point(8, 0.5)], BY)
    with pytest.raises(ReplayRefused, match=r"recipe = \{'epochs': 3\}, now it is \{\}"):
        Report.read(path, SETTING | {"recipe": {}})


def test_a_file_from_before_the_recipe_was_kept_has_the_default_one_and_is_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    Report(path, SETTING).add("default", 0, [point(8, 0.5)], BY)
    assert Report.read(path, SETTING | {"recipe": {}}).runs["default", 0]["points"] == [point(8, 0.5)]
    with pytest.raises(ReplayRefused, match=r"recipe = \{\}, now it is \{'epochs': 3\}"):
        Report.read(path, SETTING | {"recipe": {"epochs": 3}})


@pytest.mark.parametrize(
    ("labels", "full"), [((8,), (8,)), ((8, 16), (8, 16)), ((32, 64), (16, 32, 64)), ((8, 64), (8, 16, 64))]
)
def test_ours_trains_where_the_first_run_starts_by_itself_and_at_each_count(
    labels: tuple[int, ...], full: tuple[int, ...]
) -> None:
    assert full_runs_at(labels) == full


def test_what_was_made_of_other_texts_is_not_used_again(train: Path, tmp_path: Path) -> None:
    arena = Arena(tmp_path, (8,), 1)
    arena.fill(read_material(train, train, keep_in_both=True))
    made = [tmp_path / "house", tmp_path / "kept-default-0"]
    for folder in made:
        folder.mkdir()
    arena.fill(read_material(train, train, keep_in_both=True))
    assert all(folder.exists() for folder in made)
    arena.fill(read_material(train, None))
    assert not any(folder.exists() for folder in made) and len(arena.pool.read_text().splitlines()) == 20
