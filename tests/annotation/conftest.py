"""These tests have no workers; serving is tested here as if somebody kept the queue in order."""

from collections.abc import Iterator

import pytest

from labeller.annotation.signals import queue_order_asked
from labeller.corpus.models import Document
from labeller.projects.models import Label, Project
from tests.annotation.acts import rank
from tests.cast import add_texts


@pytest.fixture(autouse=True)
def somebody_keeps_the_queue_in_order() -> Iterator[None]:
    """Only this app's own part of the question: what learning says to it is tested with learning."""
    receivers, queue_order_asked.receivers = queue_order_asked.receivers, []
    queue_order_asked.sender_receivers_cache.clear()
    yield
    queue_order_asked.receivers = receivers
    queue_order_asked.sender_receivers_cache.clear()


@pytest.fixture
def labels(project: Project) -> list[Label]:
    return list(project.labels.all())


@pytest.fixture
def court(project: Project) -> Label:
    return project.labels.get(name="Court")


@pytest.fixture
def change(project: Project) -> Label:
    return project.labels.get(name="Change")


@pytest.fixture
def ranked(project: Project, labels: list[Label]) -> list[Document]:
    """Texts a model has put in order: each is thought to be of the first kind."""
    project.audit = False
    project.save()
    documents = add_texts(project, [f"We may change clause {number}." for number in range(100)])
    prediction = {str(labels[0].pk): 0.8, str(labels[1].pk): 0.15, str(labels[2].pk): 0.05}
    rank(project, documents, prediction=prediction, model_key="quick:1")
    return documents
