"""What the workers call, by dotted name, with ids. A task claims its row and hands over to the bridge; a task that runs
twice finds the row taken or done and returns. Torch is loaded here, inside the worker, and nowhere else."""

from __future__ import annotations

import os

# Read once, when numpy and torch are loaded, so set before. Threads that wait for each other in busy loops starve as
# soon as anything else runs beside them, and here pages are always served beside them. Measured on two busy cores: a
# refit took 2.5 s instead of 0.1 s, six steps of fine-tuning 3.6 to 31 s instead of 1.4 to 1.9 s.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # a refit is many small products
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # torch keeps its threads; a waiting one sleeps


def refresh_queue(project_id: int) -> None:
    """Cluster "quick": refit the quick model and put the queue in order."""
    from labeller.learning.automatic import consider_check, consider_gauge, consider_weighing
    from labeller.learning.refresh import refresh

    if refresh(project_id):
        consider_check(project_id)
        consider_gauge(project_id)
        consider_weighing(project_id)


def find_words(words_id: int) -> None:
    """Cluster "quick": which words moved a suggestion. Torch runs in a child process."""
    from labeller.learning.answering import answer_words

    answer_words(words_id)


def embed(run_id: int) -> None:
    """Cluster "training": read the texts that have no embedding yet."""
    from labeller.learning.bridges.embed import embed_texts
    from labeller.learning.work import carry_out_run

    carry_out_run(run_id, embed_texts)


def fine_tune(run_id: int) -> None:
    """Cluster "training": one full run."""
    from labeller.learning.bridges.full import full_run
    from labeller.learning.work import carry_out_run

    carry_out_run(run_id, full_run)


def check_encoders(run_id: int) -> None:
    """Cluster "training": compare the encoders of the owner's list on the labels so far."""
    from labeller.learning.bridges.check import check_encoders
    from labeller.learning.work import carry_out_run

    carry_out_run(run_id, check_encoders)


def gauge(run_id: int) -> None:
    """Cluster "training": what is measured behind the loop."""
    from labeller.learning.bridges.gauge import gauge
    from labeller.learning.work import carry_out_run

    carry_out_run(run_id, gauge)


def score_on_test_set(run_id: int) -> None:
    """Cluster "training": measure models on the test file."""
    from labeller.learning.bridges.testset import score_on_test_set
    from labeller.learning.work import carry_out_run

    carry_out_run(run_id, score_on_test_set)


def weigh(run_id: int) -> None:
    """Cluster "training": how far people agree, and which labels a model doubts."""
    from labeller.learning.bridges.weigh import weigh
    from labeller.learning.work import carry_out_run

    carry_out_run(run_id, weigh)


def build_export(export_id: int) -> None:
    """Cluster "training": zip a model, and check the zip before it is offered."""
    from labeller.learning.bridges.export import build
    from labeller.learning.work import carry_out_export

    carry_out_export(export_id, build)
