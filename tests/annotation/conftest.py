"""These tests have no workers; serving is tested here as if somebody kept the queue in order."""

from collections.abc import Iterator

import pytest

from labeller.annotation.signals import queue_order_asked


@pytest.fixture(autouse=True)
def somebody_keeps_the_queue_in_order() -> Iterator[None]:
    """Only this app's own part of the question: what learning says to it is tested with learning."""
    receivers, queue_order_asked.receivers = queue_order_asked.receivers, []
    queue_order_asked.sender_receivers_cache.clear()
    yield
    queue_order_asked.receivers = receivers
    queue_order_asked.sender_receivers_cache.clear()
