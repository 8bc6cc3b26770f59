from __future__ import annotations

import importlib.util
import json
import shutil
import stat
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from labeller.insight import selectors
from modelsvc.encoding.encoder import Encoder
from modelsvc.export.bundle import PREDICT, BundleError, unzip_bundle, verify_bundle, write_bundle, zip_bundle
from modelsvc.export.model_card import ENOUGH_SUPPORT, ENOUGH_TEXTS, model_card
from modelsvc.heads.quick import predict_proba
from modelsvc.stores.words import Vocabulary, Words, WordWeights, learn_vocabulary
from modelsvc.types import Head, Views

NAMES = ["Change of terms", 'Court | "Gerichtsstand"', "Other"]
TEXTS = ["We may change this.", "Berlin, § 38 ZPO", "a\nb", "c\u2028d\x85e", "", "Long " * 300]
OTHER_SCRIPTS = ["Die STRASSE in İstanbul, die straße; ſie", "東京 東京 long-long_long", "we WE we ½ x2 ①②"]
UNSPACED = ["争议由法院管辖。", "本合同 ABC株式会社 第3条", "ศาลที่มีอำนาจ", "สัญญานี้"]
CARD = {
    "n_labels": 120,
    "encoder": "sentence-transformers/all-MiniLM-L6-v2",
    "seed": 7,
    "number": 4,
    "scored_how": "Each by a model that had not seen it.",
    "audit": {
        "n": 41,
        "accuracy": {"value": 0.8537, "low": 0.7156, "high": 0.9312},
        "macro_f1": {"value": 0.8, "low": 0.66, "high": 0.9},
        "micro_f1": 0.85,
        "per_label": [
            {
                "label": 0,
                "support": 9,
                "precision": {"value": 0.9, "low": 0.6, "high": 0.98},
                "recall": None,
                "f1": None,
            }
        ],
    },
}


def head_for(encoder: Encoder, *, multi_label: bool = False) -> Head:
    rng = np.random.default_rng(0)
    weights = rng.normal(0, 2, (encoder.width, 3)).astype(np.float32)
    thresholds = np.array([0.2, 0.5, 0.9], np.float32) if multi_label else np.zeros(0, np.float32)
    return Head(weights, np.array([0.1, -0.2, 0], np.float32), multi_label, 1.7, thresholds)


def head_of_words(encoder: Encoder) -> Head:
    """As `head_for`, reading words too. Of letters that change in number when their case does, and of other scripts."""
    some = [*TEXTS, *TEXTS, *UNSPACED, *UNSPACED, "STRASSE straße İstanbul", "Straße 東京 ſie İSTANBUL 東京"]
    return head_over(encoder, learn_vocabulary(some))


def head_over(encoder: Encoder, vocabulary: Vocabulary) -> Head:
    weights = np.random.default_rng(1).normal(0, 2, (len(vocabulary), 3)).astype(np.float32)
    return replace(head_for(encoder, multi_label=True), temperature=1.0, words=WordWeights(vocabulary, weights, 0.3))


def write(folder: Path, encoder: Encoder, head: Head) -> None:
    write_bundle(folder, encoder=encoder, head=head, label_names=NAMES, project_name="Leases", card=CARD)


def expected(encoder: Encoder, head: Head, texts: list[str] = TEXTS) -> np.ndarray:
    words = Words.of(head.words.vocabulary, texts) if head.words else None
    return predict_proba(head, Views(encoder.encode(texts, precision="full"), words))


@pytest.fixture
def encoder(tiny) -> Encoder:
    return Encoder.load(tiny)


@pytest.fixture
def folder(encoder, tmp_path) -> Path:
    write(tmp_path / "bundle", encoder, head_for(encoder))
    return tmp_path / "bundle"


def predict(folder: Path, *arguments: str, stdin: str = "") -> list[dict]:
    command = [sys.executable, "-I", str(folder / "predict.py"), *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=True, encoding="utf-8")
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_bundle_holds_all_that_is_needed_and_no_pickle(folder):
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    needed = {"config.json", "model.safetensors", "head.safetensors", "labeller.json", "tokenizer.json", "predict.py"}
    assert needed | {"README.md", "requirements.txt", "1_Pooling/config.json"} <= files
    assert not any(name.endswith((".bin", ".pt", ".pkl")) for name in files)
    config = json.loads((folder / "config.json").read_text())
    assert config["id2label"] == {"0": NAMES[0], "1": NAMES[1], "2": NAMES[2]}
    assert config["label2id"][NAMES[1]] == 1
    assert "torch==" in (folder / "requirements.txt").read_text()
    assert "+" not in (folder / "requirements.txt").read_text()


def test_the_card_tells_the_audit_figures_with_their_intervals_and_how_they_were_made(folder):
    card = (folder / "README.md").read_text()
    assert card.startswith("---\nlicense: unknown")
    assert 'base_model: "sentence-transformers/all-MiniLM-L6-v2"' in card
    assert "| Accuracy | 0.854 | 0.716 to 0.931 |" in card
    assert "On 41 texts drawn at random from the pool. Each by a model that had not seen it." in card
    assert "| Change of terms | 9 | 0.900 (0.600 to 0.980) |  |" in card
    assert "- Labelled texts: 120" in card
    assert r"Court \| " in card


def test_figures_that_lean_on_the_pool_lead_in_the_card_and_those_of_a_test_file_follow():
    told = CARD | {
        "leaning": {
            "accuracy": {"value": 0.88, "low": 0.8, "high": 0.94},
            "labels": [{"precision": None, "recall": {"value": 0.71, "low": 0.5, "high": 0.9}, "f1": None}] * 3,
        },
        "test_file": {"name": "exam.csv", "n": 300, "metrics": CARD["audit"]},
    }
    card = model_card("Leases", NAMES, multi_label=False, reads_words=False, card=told, versions={})
    lines = card.splitlines()
    lead = lines.index("| Accuracy | 0.880 | 0.800 to 0.940 |")
    assert lines[lead + 1] == "| Accuracy, audit texts alone | 0.854 | 0.716 to 0.931 |"
    assert "| Change of terms | 9 |  | 0.710 (0.500 to 0.900) |" in card
    assert "300 texts of exam.csv, of which no model has learnt." in card


def test_the_card_tells_no_figure_where_the_pages_call_its_texts_too_few():
    assert (ENOUGH_TEXTS, ENOUGH_SUPPORT) == (selectors.ENOUGH_AUDIT, selectors.ENOUGH_SUPPORT)
    all_right = {"value": 1.0, "low": 0.51, "high": 1.0}
    of_four = CARD["audit"]["per_label"][0] | {"support": 4, "precision": all_right, "recall": all_right}
    told = CARD | {"audit": CARD["audit"] | {"per_label": [of_four]}}
    card = model_card("Leases", NAMES, multi_label=False, reads_words=False, card=told, versions={})
    assert "| Change of terms | 4 | too few (4) |  |" in card
    told = CARD | {"audit": CARD["audit"] | {"n": 29}}
    card = model_card("Leases", NAMES, multi_label=False, reads_words=False, card=told, versions={})
    assert "Audit texts: 29. Fewer than 30 say too little" in card and "0.854" not in card


@pytest.mark.parametrize(
    ("calibrated_on", "multi_label", "said"),
    [
        ("audit", False, "Probabilities are calibrated on audit texts, drawn at random. Few"),
        ("audit", True, "Probabilities are each label's own, calibrated on audit texts"),
        ("labelled", False, "because they are hard: right answers may be more frequent than stated. Few"),
        ("labelled", True, "chosen: on texts as they come they may be off. Few"),
        ("nothing", False, "Probabilities are not calibrated"),
    ],
)
def test_the_card_tells_by_what_its_probabilities_were_calibrated(calibrated_on, multi_label, said):
    told = CARD | {"calibrated_on": calibrated_on}
    assert said in model_card("Leases", NAMES, multi_label=multi_label, reads_words=False, card=told, versions={})


def test_a_card_without_audit_figures_says_so(encoder, tmp_path):
    write_bundle(
        tmp_path / "b", encoder=encoder, head=head_for(encoder), label_names=NAMES, project_name="Leases", card={}
    )
    assert "Not measured" in (tmp_path / "b/README.md").read_text()


def test_writing_leaves_the_callers_encoder_as_it_was_and_replaces_an_older_bundle(encoder, folder, tiny):
    (folder / "stale").touch()
    write(folder, encoder, head_for(encoder))
    assert encoder.folder == tiny
    assert not (folder / "stale").exists()


def test_the_same_folder_zips_to_the_same_bytes(folder, tmp_path):
    zip_bundle(folder, tmp_path / "one.zip")
    (folder / "predict.py").touch()
    zip_bundle(Path(shutil.copytree(folder, tmp_path / "other")), tmp_path / "two.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("multi_label", [False, True])
def test_a_bundle_agrees_with_us_in_a_process_that_cannot_import_us(encoder, tmp_path, multi_label):
    head = head_for(encoder, multi_label=multi_label)
    write(tmp_path / "bundle", encoder, head)
    zip_bundle(tmp_path / "bundle", tmp_path / "model.zip")
    result = verify_bundle(tmp_path / "model.zip", TEXTS, expected(encoder, head))
    assert result.ok, result.message
    assert result.texts == 6
    assert result.largest_difference < 1e-4


def test_a_bundle_whose_head_reads_words_has_them_as_plain_files(encoder, tmp_path):
    head = head_of_words(encoder)
    write(tmp_path / "bundle", encoder, head)
    content = json.loads((tmp_path / "bundle/vocabulary.json").read_text())
    assert content["words"] == list(head.words.vocabulary.words) and len(content["idf"]) == len(content["words"])
    assert json.loads((tmp_path / "bundle/labeller.json").read_text())["vocabulary"] == "vocabulary.json"
    assert "single words count" in (tmp_path / "bundle/README.md").read_text()


@pytest.mark.parametrize("text", [*TEXTS, *OTHER_SCRIPTS, *UNSPACED])
def test_the_bundle_reads_words_as_we_do(encoder, tmp_path, text):
    head = head_of_words(encoder)
    theirs, ours = words_of_both(head, tmp_path, text)
    assert np.abs(theirs - ours).max() < 1e-5 and (ours.any() or text not in UNSPACED)


def test_the_bundle_of_a_model_from_before_there_were_patterns_reads_words_as_that_model_did(encoder, tmp_path):
    earlier = Vocabulary.from_dict({"words": ["争议由法院管辖", "法院"], "idf": [1.5, 1.2]})
    for text, known in {"争议由法院管辖。": True, "法院管辖": False}.items():
        theirs, ours = words_of_both(head_over(encoder, earlier), tmp_path, text)
        assert np.abs(theirs - ours).max() < 1e-5 and ours.any() == known


def words_of_both(head: Head, tmp_path: Path, text: str) -> tuple[np.ndarray, np.ndarray]:
    """What the words add to each label by the bundle's predict.py, and by us."""
    (tmp_path / "vocabulary.json").write_text(json.dumps(head.words.vocabulary.to_dict()))
    spec = importlib.util.spec_from_file_location("predict", PREDICT)
    predict_py = importlib.util.module_from_spec(spec)
    sys.modules["predict"] = predict_py  # its dataclass looks itself up there
    try:
        spec.loader.exec_module(predict_py)
    finally:
        del sys.modules["predict"]
    theirs = predict_py.WordView(tmp_path, "vocabulary.json", head.words.weights).logits([text])
    return theirs, head.words.vocabulary.matrix([text]) @ head.words.weights


@pytest.mark.slow
def test_a_bundle_that_reads_words_agrees_with_us(encoder, tmp_path):
    head = head_of_words(encoder)
    write(tmp_path / "bundle", encoder, head)
    zip_bundle(tmp_path / "bundle", tmp_path / "model.zip")
    texts = [*TEXTS, *UNSPACED]
    result = verify_bundle(tmp_path / "model.zip", texts, expected(encoder, head, texts))
    assert result.ok, result.message
    without = replace(head, words=replace(head.words, weights=0 * head.words.weights))
    assert not verify_bundle(tmp_path / "model.zip", TEXTS, expected(encoder, without)).ok


@pytest.mark.slow
def test_a_bundle_with_other_weights_fails_the_check(encoder, folder, tmp_path):
    other = head_for(encoder)
    other.bias[0] += 0.5
    zip_bundle(folder, tmp_path / "model.zip")
    result = verify_bundle(tmp_path / "model.zip", TEXTS, expected(encoder, other))
    assert not result.ok
    assert "DISAGREES on 6 texts" in result.message
    assert result.largest_difference > 1e-3


@pytest.mark.slow
def test_a_bundle_that_needs_this_project_fails_the_check(encoder, folder, tmp_path):
    script = folder / "predict.py"
    script.write_text(script.read_text().replace("import numpy as np", "import modelsvc\nimport numpy as np"))
    zip_bundle(folder, tmp_path / "model.zip")
    result = verify_bundle(tmp_path / "model.zip", TEXTS, expected(encoder, head_for(encoder)))
    assert not result.ok
    assert "No module named 'modelsvc'" in result.message


def test_a_torn_zip_fails_the_check_with_a_sentence(encoder, folder, tmp_path):
    zip_bundle(folder, tmp_path / "model.zip")
    whole = (tmp_path / "model.zip").read_bytes()
    (tmp_path / "model.zip").write_bytes(whole[: len(whole) // 2])
    result = verify_bundle(tmp_path / "model.zip", TEXTS, expected(encoder, head_for(encoder)))
    assert not result.ok
    assert "no whole zip" in result.message


@pytest.mark.parametrize("name", ["../evil.py", "/etc/evil", "a/../../evil", "..\\evil"])
def test_a_zip_that_would_write_elsewhere_is_refused(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as archive:
        archive.writestr(name, "x")
    with pytest.raises(BundleError, match="outside its folder"):
        unzip_bundle(tmp_path / "evil.zip", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_link_in_a_zip_is_refused(tmp_path):
    entry = zipfile.ZipInfo("link")
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as archive:
        archive.writestr(entry, "/etc/passwd")
    with pytest.raises(BundleError, match="outside its folder"):
        unzip_bundle(tmp_path / "evil.zip", tmp_path / "out")


def test_head_and_names_and_encoder_must_fit(encoder, tmp_path):
    head = head_for(encoder)
    with pytest.raises(BundleError, match="3 outputs, but there are 2"):
        write_bundle(tmp_path / "b", encoder=encoder, head=head, label_names=["a", "b"], project_name="p", card={})
    wide = Head(np.zeros((5, 3), np.float32), head.bias, False)
    with pytest.raises(BundleError, match="width 5, the encoder makes 8"):
        write_bundle(tmp_path / "b", encoder=encoder, head=wide, label_names=NAMES, project_name="p", card={})


@pytest.mark.slow
def test_predict_reads_arguments_lines_and_a_csv_column(folder, tmp_path):
    by_argument = predict(folder, "We may change this.", "Other text")
    assert [answer["text"] for answer in by_argument] == ["We may change this.", "Other text"]
    assert by_argument[0]["labels"][0] in NAMES
    assert 1 / 3 <= by_argument[0]["probability"] <= 1
    assert [answer["row"] for answer in by_argument] == [1, 2]
    assert predict(folder, stdin="We may change this.\nOther text\n") == by_argument
    (tmp_path / "in.csv").write_text('id,clause\n1,"We may change this."\n2,Other text\n', encoding="utf-8-sig")
    assert predict(folder, "--csv", str(tmp_path / "in.csv"), "--column", "clause") == by_argument
    everything = predict(folder, "--all", "Other text")[0]["probabilities"]
    assert list(everything) == NAMES
    assert sum(everything.values()) == pytest.approx(1, abs=1e-5)


@pytest.mark.slow
def test_one_answer_comes_out_for_each_row_that_goes_in_also_for_a_blank_one(folder, tmp_path):
    of_lines = predict(folder, stdin="We may change this.\n\nOther text\n")
    assert [(answer["row"], answer["text"], len(answer["labels"])) for answer in of_lines] == [
        (1, "We may change this.", 1),
        (2, "", 0),
        (3, "Other text", 1),
    ]
    assert of_lines[1]["probability"] is None
    table = tmp_path / "in.csv"
    table.write_text('id,clause,page\n1,"We may\nchange",4\n2,,5\n\n4\n5,Other text,6\n')
    of_cells = predict(folder, "--all", "--csv", str(table), "--column", "clause")
    assert [answer["row"] for answer in of_cells if answer["labels"]] == [1, 5]
    assert [answer["row"] for answer in of_cells] == [1, 2, 3, 4, 5]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("in.csv", "id,clause\n1,one\n", "in.csv has no column 'text'; its columns: id, clause."),
        ("missing.csv", None, "missing.csv cannot be read: No such file or directory."),
        ("latin.csv", b"text\ncaf\xe9\n", "latin.csv is no UTF-8 text: save it as UTF-8."),
        ("", "no json", "Standard input cannot be read: Expecting value"),
        ("", '{"text": "one"}', "A JSON list of strings is expected on standard input."),
    ],
)
def test_what_cannot_be_read_is_told_in_one_line(folder, tmp_path, name, content, told):
    where = tmp_path / name
    if name and content is not None:
        where.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(subprocess.CalledProcessError) as refused:
        predict(folder, *(["--csv", str(where)] if name else ["--json"]), stdin="" if name else content)
    assert told in refused.value.stderr and len(refused.value.stderr.splitlines()) == 1
