"""My answers: the list, its filters and pages, and one answer to read again and to change, without any script."""

import re
import uuid

import pytest
from django.urls import reverse

from labeller.annotation import services
from labeller.annotation.models import Annotation
from tests.annotation.acts import give, one
from tests.cast import add_texts, join, make_project

pytestmark = pytest.mark.django_db
PART = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture(autouse=True)
def texts(project):
    return add_texts(project, [f"Clause <b>{number:02d}</b>" for number in range(60)])


def listed(client, project, **query):
    page = client.get(reverse("answers", args=[project.slug]), query).content.decode()
    return re.findall(r"Clause &lt;b&gt;(\d\d)&lt;/b&gt;", page), page


def number_of(annotation):
    return annotation.document.text[10:12]


def url(annotation):
    return reverse("answer-change", args=[annotation.project.slug, annotation.key])


def test_they_stand_newest_first_and_nobody_elses_are_among_them(project, alice, bob, client_of, labels):
    mine = [give(project, bob, one(project, bob), labels[0]) for _ in range(3)]
    give(project, alice, one(project, alice), labels[0])
    assert listed(client_of(bob), project)[0] == [number_of(one) for one in reversed(mine)]


def test_imported_labels_are_not_in_the_list(project, bob, client_of, texts):
    Annotation.objects.create(
        key=uuid.uuid4(), project=project, document=texts[0], annotator=bob, status="labelled", source="import"
    )
    numbers, page = listed(client_of(bob), project)
    assert numbers == [] and "You have not answered any text yet." in page


def test_they_are_filtered_by_label_and_by_status(project, bob, client_of, labels):
    court = give(project, bob, one(project, bob), labels[1])
    skipped = give(project, bob, one(project, bob), status="skipped")
    client = client_of(bob)
    assert listed(client, project, show=labels[1].pk)[0] == [number_of(court)]
    assert listed(client, project, show="skipped")[0] == [number_of(skipped)]
    assert "None of your answers is like that." in listed(client, project, show=labels[2].pk)[1]
    assert len(listed(client, project, show="no such label")[0]) == 2


def test_a_long_list_has_pages_that_keep_the_filter(project, bob, client_of, labels):
    for _ in range(30):
        give(project, bob, one(project, bob), labels[0])
    numbers, page = listed(client_of(bob), project, show="labelled")
    assert len(numbers) == 25 and "page 1 of 2" in page and "show=labelled&amp;page=2" in page
    assert len(listed(client_of(bob), project, show="labelled", page=2)[0]) == 5


def test_the_list_costs_the_same_queries_however_long_it_is(
    project, bob, client_of, labels, django_assert_max_num_queries
):
    for _ in range(25):
        give(project, bob, one(project, bob), labels[0])
    client = client_of(bob)
    with django_assert_max_num_queries(9):
        client.get(reverse("answers", args=[project.slug]))


def test_an_answer_is_read_again_and_changed_by_a_press(project, bob, client_of, labels):
    first = give(project, bob, one(project, bob), labels[0], comment="odd")
    client = client_of(bob)
    page = client.get(url(first)).content.decode()
    assert (
        "You said <b>Change</b>" in page and f"Clause &lt;b&gt;{number_of(first)}" in page and ">odd</textarea>" in page
    )
    key, opened = (re.search(rf'name="{name}" value="([^"]+)"', page).group(1) for name in ("key", "opened"))
    reply = client.post(
        url(first), {"key": key, "opened": opened, "label": labels[1].pk, "comment": "odd"}, follow=True
    )
    assert "Changed from Change to Court." in reply.content.decode()
    after = Annotation.objects.get(superseded_at=None)
    assert str(after.key) == key and after.comment == "odd" and 0 <= after.seconds < 60


def test_a_change_that_does_not_fit_is_refused_in_words_and_changes_nothing(project, bob, client_of, labels):
    first = give(project, bob, one(project, bob), labels[0])
    client = client_of(bob)
    reply = client.post(url(first), {"key": uuid.uuid4(), "label": [label.pk for label in labels]}, follow=True)
    assert "exactly one label; 3 were given" in reply.content.decode()
    reply = client.post(url(first), {"key": "nonsense", "label": labels[1].pk}, follow=True)
    assert "could not be read" in reply.content.decode()
    assert Annotation.objects.count() == 1


def test_where_a_text_may_have_several_labels_boxes_are_ticked(bob, client_of):
    project = make_project("multi", name="Several")
    join(project, bob)
    add_texts(project, ["One"])
    labels = list(project.labels.all())
    first = give(project, bob, one(project, bob), labels[0], labels[2])
    client = client_of(bob)
    assert client.get(url(first)).content.decode().count(" checked>") == 2
    assert "No label is ticked." in client.post(url(first), {"key": uuid.uuid4()}, follow=True).content.decode()
    assert Annotation.objects.get() == first
    client.post(url(first), {"key": uuid.uuid4(), "label": [labels[1].pk], "none": "on"})
    assert not Annotation.objects.get(superseded_at=None).labels.exists()


def test_an_answer_taken_back_leads_to_the_list_with_a_word(project, bob, client_of, labels):
    first = give(project, bob, one(project, bob), labels[0])
    services.undo(project=project, annotator=bob)
    reply = client_of(bob).get(url(first), follow=True)
    assert reply.redirect_chain and "taken this answer back meanwhile" in reply.content.decode()


def test_beside_the_text_the_same_comes_as_a_part(project, bob, client_of, labels):
    first = give(project, bob, one(project, bob), labels[0])
    client = client_of(bob)
    for address in (reverse("answers", args=[project.slug]), url(first)):
        part = client.get(address, **PART).content.decode()
        assert "<html" not in part and f"Clause &lt;b&gt;{number_of(first)}" in part
    part = client.post(url(first), {"key": uuid.uuid4(), "label": labels[1].pk}, follow=True, **PART).content.decode()
    assert "Changed from Change to Court." in part


def test_strangers_get_404_readers_403_and_other_peoples_answers_are_nobodys(
    project, alice, bob, rita, mallory, client_of, labels
):
    first = give(project, bob, one(project, bob), labels[0])
    for address in (reverse("answers", args=[project.slug]), url(first)):
        assert client_of(mallory).get(address).status_code == 404
        assert client_of(rita).get(address).status_code == 403
    assert client_of(alice).get(url(first)).status_code == 404
    assert client_of(alice).post(url(first), {"key": uuid.uuid4(), "label": labels[1].pk}).status_code == 404


JSON = {"HTTP_ACCEPT": "application/json"}


def test_a_script_that_sends_a_change_twice_hears_twice_what_it_did(project, bob, client_of, labels):
    first = give(project, bob, one(project, bob), labels[0])
    fields = {"key": uuid.uuid4(), "label": labels[1].pk, "comment": "odd", "seconds": 2.5, "user": bob.pk}
    for _ in range(2):
        reply = client_of(bob).post(url(first), fields, **JSON)
        assert (reply.status_code, reply.json()) == (200, {"said": "Changed from Change to Court."})
    after = Annotation.objects.get(superseded_at=None)
    assert (after.comment, after.seconds, Annotation.objects.count()) == ("odd", 2.5, 2)


@pytest.mark.parametrize("seconds", ["90000", "1e300"])
def test_a_form_that_stood_open_for_more_than_a_day_says_nothing_of_the_time(project, bob, client_of, labels, seconds):
    first = give(project, bob, one(project, bob), labels[0])
    client_of(bob).post(url(first), {"key": uuid.uuid4(), "label": labels[1].pk, "seconds": seconds}, **JSON)
    assert Annotation.objects.get(superseded_at=None).seconds is None


def test_a_script_hears_a_definite_no_where_a_change_can_never_be_saved(project, bob, client_of, labels):
    client, first = client_of(bob), give(project, bob, one(project, bob), labels[0])

    def refusal(address, **fields):
        reply = client.post(address, {"key": uuid.uuid4(), "label": labels[1].pk} | fields, **JSON)
        assert reply.status_code == 422
        return reply.json()["error"]

    assert "could not be read" in refusal(url(first), key="nonsense")
    assert "exactly one label; 3 were given" in refusal(url(first), label=[label.pk for label in labels])
    services.undo(project=project, annotator=bob)
    assert "taken back meanwhile" in refusal(url(first))
    gone = url(first)
    first.document.delete()
    assert "gone with its text" in refusal(gone)


def test_a_change_waits_for_the_person_who_made_it(project, alice, bob, client_of, labels):
    first = give(project, bob, one(project, bob), labels[0])
    fields = {"key": uuid.uuid4(), "label": labels[1].pk, "user": bob.pk}
    assert client_of(alice).post(url(first), fields, **JSON).status_code == 403
    assert list(Annotation.objects.all()) == [first]
