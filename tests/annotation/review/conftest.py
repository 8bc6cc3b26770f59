"""Twelve texts and the labels to say of them."""

import pytest

from tests.annotation.review.acts import say
from tests.cast import add_texts


@pytest.fixture
def texts(project):
    return add_texts(project, [f"Clause {at} of the terms." for at in range(12)])


@pytest.fixture
def disputed(project, texts, labels, alice, bob):
    for text in texts[:3]:
        say(text, alice, labels[0], comment="<b>Fees</b> & more" if text == texts[0] else "")
        say(text, bob, labels[1], prediction={str(labels[1].pk): 0.81, str(labels[0].pk): 0.19})
    return texts[:3]
