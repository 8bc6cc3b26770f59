"""A page that is left gives its texts back, unless another page of the same person has got them since."""

import uuid

import pytest
from django.urls import reverse

from labeller.annotation import services
from labeller.annotation.models import Lease
from labeller.annotation.serving import AHEAD
from tests.cast import add_texts

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def texts(project):
    return add_texts(project, [f"Clause {number}" for number in range(6)])


def opened(project, annotator):
    """As the page is: every lease has an expiry that no older page knows."""
    return services.serve(project=project, annotator=annotator, afresh=True)


def give_back(project, annotator, served):
    return services.give_back(project=project, annotator=annotator, held={text.key: text.until for text in served})


def test_what_is_given_back_is_at_once_for_others(project, alice, bob):
    served = opened(project, bob)
    assert give_back(project, bob, served) == AHEAD
    hers = services.serve(project=project, annotator=alice, count=6)
    assert {text.document_id for text in hers} >= {text.document_id for text in served}


def test_a_reload_has_got_the_texts_before_the_old_page_gives_them_back(project, bob):
    before = opened(project, bob)
    after = opened(project, bob)
    assert [text.key for text in after] == [text.key for text in before]
    assert give_back(project, bob, before) == 0
    assert Lease.objects.filter(closed_at=None).count() == AHEAD


def test_an_answer_to_a_text_given_back_is_still_taken(project, bob):
    served = opened(project, bob)
    give_back(project, bob, served)
    label = project.labels.first()
    services.answer(
        project=project,
        annotator=bob,
        lease_key=served[0].key,
        key=uuid.uuid4(),
        status="labelled",
        label_ids=[label.pk],
    )
    assert label.annotations.count() == 1


def test_nobody_gives_back_what_others_hold(project, alice, bob):
    served = opened(project, bob)
    assert give_back(project, alice, served) == 0
    assert give_back(project, bob, []) == 0
    assert Lease.objects.filter(closed_at=None).count() == AHEAD


def test_the_page_names_each_lease_with_its_expiry(project, bob, client_of):
    client, url = client_of(bob), reverse("label-leave", args=[project.slug])
    texts = client.post(reverse("label-next", args=[project.slug])).json()["texts"]
    held = [f"{text['lease']} {text['until']}" for text in texts]
    assert client.post(url, {"held": held}).status_code == 204
    assert not Lease.objects.filter(closed_at=None).exists()


@pytest.mark.parametrize(
    "held", ["nonsense", "e0a4 2026-01-01T00:00:00Z", f"{uuid.UUID(int=1)} soon", f"{uuid.UUID(int=1)} 2026-01-01"]
)
def test_what_is_no_lease_and_expiry_is_refused(project, bob, client_of, held):
    reply = client_of(bob).post(reverse("label-leave", args=[project.slug]), {"held": [held]})
    assert reply.status_code == 422 and reply.json()["error"]


def test_no_page_gives_back_a_thousand(project, bob, client_of):
    held = [f"{uuid.uuid4()} 2026-01-01T00:00:00+00:00" for _ in range(101)]
    assert client_of(bob).post(reverse("label-leave", args=[project.slug]), {"held": held}).status_code == 422
