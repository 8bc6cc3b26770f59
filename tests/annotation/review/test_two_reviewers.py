"""Two managers in the review at once."""

import re
import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from labeller.annotation.models import Annotation, Source
from labeller.projects.models import Role
from tests.annotation.review.acts import say
from tests.cast import join, make_user


@pytest.fixture
def carol(project):
    carol = make_user("carol")
    join(project, carol, Role.MANAGER)
    return carol


@pytest.fixture
def disputed(texts, labels, alice, bob):
    for text in texts:
        say(text, alice, labels[0])
        say(text, bob, labels[1])
    return texts


def read(browser, project):
    """The number of the clause that the review shows."""
    page = browser.get(reverse("review", args=[project.slug]), {"of": "disagreements"}).content.decode()
    return int(re.search(r'id="text"[^>]*>Clause (\d+) of', page)[1])


def settle(browser, project, text, label):
    url = reverse("review-decide", args=[project.slug, text.pk])
    answered = browser.post(
        url, {"of": "disagreements", "at": 0, "key": str(uuid.uuid4()), "seconds": "2", "label": label.pk}
    )
    assert answered.status_code == 302


def test_each_reads_other_texts_while_both_are_at_it(project, disputed, labels, alice, carol, client_of):
    first, second = client_of(alice), client_of(carol)
    settle(first, project, disputed[0], labels[0])
    settle(second, project, disputed[1], labels[0])
    done = {0, 1}
    for _ in range(5):
        mine, theirs = read(first, project), read(second, project)
        assert mine != theirs
        settle(first, project, disputed[mine], labels[0])
        assert read(second, project) == theirs  # nobody took it from under her eyes
        settle(second, project, disputed[theirs], labels[1])
        done |= {mine, theirs}
    assert done == set(range(12))


def test_alone_one_reads_them_in_the_queues_order(project, disputed, labels, alice, carol, client_of):
    browser = client_of(alice)
    for number in range(4):
        assert read(browser, project) == number
        settle(browser, project, disputed[number], labels[0])


def test_who_has_gone_leaves_no_texts_to_wait(project, disputed, labels, alice, carol, client_of):
    settle(client_of(carol), project, disputed[3], labels[0])
    long_ago = timezone.now() - timedelta(minutes=11)
    Annotation.objects.filter(source=Source.REVIEW).update(created_at=long_ago)
    browser = client_of(alice)
    for number in (0, 1, 2, 4, 5):
        assert read(browser, project) == number
        settle(browser, project, disputed[number], labels[0])
