"""The words behind a suggestion, found by the real model in a child process of the worker."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from django.utils import timezone

from labeller.annotation.moved_words import MovedWords
from labeller.learning import reading_child, tasks
from labeller.learning.bridges.pool import pretrained_folder
from labeller.learning.reading_child import ReadingFailed, read_now
from labeller.projects.models import Project, User
from tests.learning.scene import annotate, fill, read, refit

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_child_stays_behind():
    yield
    reading_child.end()


@pytest.fixture
def taught(project: Project, bob: User):
    """Texts of three kinds, two thirds of them labelled, and a stored quick model."""
    documents = fill(project)
    for document in documents[:21]:
        annotate(document, bob)
    read(project)
    refit(project)
    return documents


def asked(document, label) -> MovedWords:
    return MovedWords.objects.create(document=document, label=label, model_key="quick", asked_at=timezone.now())


def found(row: MovedWords) -> MovedWords:
    tasks.find_words(row.pk)
    row.refresh_from_db()
    return row


class TestFindingThem:
    def test_they_are_words_of_the_text_that_speak_for_the_label(self, project, taught):
        document = next(
            text for text in taught if text.text == "The competent court for all claims is that of our seat."
        )
        row = found(asked(document, project.labels.get(name="Court")))
        words = [document.text[start:end] for start, end, _ in row.spans]
        assert row.state == "ready" and "court" in words and all(by > 0 for _, _, by in row.spans)

    def test_a_long_text_has_a_most_telling_place(self, project, taught):
        document = taught[-1]
        filler = "The menu opens at the top of the page. " * 30
        sentence = "Any lawsuit must be filed in the courts of Dublin. "
        document.text = filler + sentence + filler
        document.save()
        row = found(asked(document, project.labels.get(name="Court")))
        assert row.state == "ready"
        assert row.telling is None or 0 <= row.telling[0] < row.telling[1] <= len(document.text)

    def test_a_task_that_comes_twice_finds_it_answered(self, project, taught):
        row = found(asked(taught[0], project.labels.first()))
        MovedWords.objects.filter(pk=row.pk).update(spans=[[0, 1, 1.0]])
        assert found(row).spans == [[0, 1, 1.0]]

    def test_without_a_model_it_says_so(self, project, bob):
        row = found(asked(fill(project)[0], project.labels.first()))
        assert row.state == "failed" and "No stored model" in row.reason

    def test_a_child_that_dies_fails_the_request_with_a_reason_and_the_next_starts_anew(
        self, project, taught, monkeypatch
    ):
        monkeypatch.setattr(reading_child.sys, "executable", "/bin/false")
        row = found(asked(taught[0], project.labels.first()))
        assert row.state == "failed" and "gave no answer" in row.reason
        monkeypatch.undo()
        MovedWords.objects.update(state="waiting")
        assert found(row).state == "ready"


class TestTheChild:
    def test_it_reads_as_the_encoder_does(self):
        from modelsvc.encoding.encoder import Encoder, resolve

        texts = ["One clause.", "Another one, a little longer."]
        X = read_now(pretrained_folder("all-MiniLM-L6-v2"), texts)
        assert X.shape == (2, 384) and np.abs(X - Encoder.load(resolve("bundled")).encode(texts)).max() < 0.02

    def test_it_is_kept_for_the_next_request(self):
        folder = pretrained_folder("all-MiniLM-L6-v2")
        read_now(folder, ["One."])
        first = reading_child._child
        read_now(folder, ["Two."])
        assert first is not None and reading_child._child is first and first.poll() is None

    def test_what_it_cannot_read_is_told_and_it_stays(self, tmp_path):
        with pytest.raises(ReadingFailed, match="EncoderError"):
            read_now(tmp_path, ["One."])
        assert read_now(pretrained_folder("all-MiniLM-L6-v2"), ["One."]).shape == (1, 384)

    def test_it_ends_when_its_input_closes(self):
        child = subprocess.Popen([sys.executable, "-m", "modelsvc.encoding.reading_process"], stdin=subprocess.PIPE)
        assert child.stdin is not None
        child.stdin.close()
        assert child.wait(timeout=60) == 0

    def test_asking_loads_no_torch_into_the_worker(self):
        code = "import sys, labeller.learning.reading_child; sys.exit('torch' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
