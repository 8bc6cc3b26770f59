"""The screen and its writes, as a browser without scripts and as the page's script use them."""

import json
import re
import uuid

import pytest
from django.urls import reverse
from django.utils.timezone import now

from labeller.annotation import services
from labeller.annotation.models import Annotation, Lease, Ranking
from labeller.annotation.serving import AHEAD
from labeller.projects.models import Project
from tests.annotation.acts import free_and_reserved, give, one, rank
from tests.cast import add_texts

pytestmark = pytest.mark.django_db
JSON = {"HTTP_ACCEPT": "application/json"}


@pytest.fixture
def texts(project):
    return add_texts(project, [f"Clause <b>{number}</b>" for number in range(12)])


@pytest.fixture
def label(project):
    return project.labels.first()


def url(project, name="label"):
    return reverse(name, args=[project.slug])


def data_of(response):
    page = response.content.decode()
    return json.loads(page.split('<script id="label-data" type="application/json">')[1].split("</script>")[0])


def test_the_page_shows_a_text_its_reason_and_the_labels(project, bob, client_of, texts):
    response = client_of(bob).get(url(project))
    page = response.content.decode()
    held = Lease.objects.filter(annotator=bob).order_by("id")
    assert held.count() == AHEAD
    assert "In random order, until a model has read the texts" in page
    assert "&lt;b&gt;" in page and "Clause <b>" not in page
    assert [text["lease"] for text in data_of(response)["texts"]] == [str(lease.key) for lease in held]
    assert all(name in page for name in ("Change", "Court", "Other"))
    assert "no-store" in response["Cache-Control"]


def test_nothing_on_the_page_needs_inline_scripts_or_styles(project, bob, client_of, texts):
    page = client_of(bob).get(url(project)).content.decode()
    assert " style=" not in page and " onclick=" not in page and "<style" not in page
    assert all('type="' in tag or 'src="' in tag for tag in page.split("<script")[1:])


def test_a_plain_form_saves_and_shows_the_next_text(project, bob, client_of, texts, label):
    client = client_of(bob)
    first = data_of(client.get(url(project)))["texts"]
    fields = {"lease": first[0]["lease"], "key": uuid.uuid4(), "label": label.pk, "comment": "Hm"}
    response = client.post(url(project, "label-answer"), fields)
    assert response.status_code == 302 and response["Location"] == url(project)
    saved = Annotation.objects.get()
    assert (saved.status, list(saved.labels.all()), saved.comment) == ("labelled", [label], "Hm")
    assert data_of(client.get(url(project)))["texts"][0]["lease"] == first[1]["lease"]


def test_the_script_gets_the_next_text_in_the_same_answer(project, bob, client_of, texts, label):
    client = client_of(bob)
    first = data_of(client.get(url(project)))["texts"]
    key = str(uuid.uuid4())
    fields = {"lease": first[0]["lease"], "key": key, "status": "labelled", "label": label.pk, "seconds": "2.5"}
    for _ in range(2):  # the second post is a retry after a lost reply
        reply = client.post(url(project, "label-answer"), fields, **JSON).json()
        assert reply["saved"] == key
        assert reply["texts"][0]["lease"] == first[1]["lease"]
        assert len(reply["texts"]) == AHEAD
    assert Annotation.objects.get().seconds == 2.5


@pytest.mark.parametrize("status", ["skipped", "unsure"])
def test_skip_and_unsure_are_buttons_of_the_form(project, bob, client_of, texts, status):
    client = client_of(bob)
    lease = data_of(client.get(url(project)))["texts"][0]["lease"]
    client.post(url(project, "label-answer"), {"lease": lease, "key": uuid.uuid4(), "status": status})
    assert Annotation.objects.get().status == status


def test_none_of_these_saves_an_answer_without_labels_whatever_is_ticked(project, bob, client_of, texts, label):
    Project.objects.update(kind="multi")
    client = client_of(bob)
    lease = data_of(client.get(url(project)))["texts"][0]["lease"]
    fields = {"lease": lease, "key": uuid.uuid4(), "label": label.pk, "none": "on"}
    client.post(url(project, "label-answer"), fields)
    saved = Annotation.objects.get()
    assert saved.status == "labelled" and not saved.labels.exists()


@pytest.mark.parametrize("headers", [JSON, {}])
def test_where_several_labels_may_fit_nothing_ticked_is_no_answer(project, bob, client_of, texts, headers):
    Project.objects.update(kind="multi")
    client = client_of(bob)
    lease = data_of(client.get(url(project)))["texts"][0]["lease"]
    reply = client.post(url(project, "label-answer"), {"lease": lease, "key": uuid.uuid4()}, follow=True, **headers)
    told = reply.json()["error"] if headers else reply.content.decode()
    assert "No label is ticked." in told and not Annotation.objects.exists()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"label": "x"}, "A label is named by its number"),
        ({"lease": "x"}, "lease: Enter a valid UUID"),
        ({"seconds": "-1"}, "seconds"),
        ({"label": []}, "exactly one label; 0 were given"),
        ({"lease": str(uuid.uuid4())}, "not handed to you"),
    ],
)
def test_a_bad_answer_is_refused_in_a_sentence(project, bob, client_of, texts, label, fields, sentence):
    client = client_of(bob)
    lease = data_of(client.get(url(project)))["texts"][0]["lease"]
    posted = {"lease": lease, "key": str(uuid.uuid4()), "label": [label.pk]} | fields
    reply = client.post(url(project, "label-answer"), posted, **JSON)
    assert reply.status_code == 422 and sentence in reply.json()["error"]
    page = client.post(url(project, "label-answer"), posted, follow=True).content.decode()
    assert sentence in page
    assert not Annotation.objects.exists()


def test_undo_brings_the_text_back_in_both_ways(project, bob, client_of, texts, label):
    client = client_of(bob)
    served = one(project, bob)
    give(project, bob, served, label)
    reply = client.post(url(project, "label-undo"), **JSON).json()
    assert reply["texts"][0]["lease"] == str(served.key)
    give(project, bob, served, label)
    assert client.post(url(project, "label-undo")).status_code == 302
    assert not Annotation.objects.filter(superseded_at=None).exists()
    assert "no answer of yours to undo" in client.post(url(project, "label-undo"), follow=True).content.decode()


@pytest.mark.parametrize("who", ["alice", "bob"])
def test_the_state_of_the_queue_stands_on_the_page_as_served(request, project, client_of, texts, who):
    """Without a script nobody fetches it. It is the fragment that the script polls, to the letter."""
    client = client_of(request.getfixturevalue(who))
    fragment = client.get(url(project, "learning-status")).content.decode()
    page = client.get(url(project)).content.decode()
    assert "No worker is running" in fragment

    served = [re.search(r'<section class="learning".*?</section>', html, re.S)[0] for html in (fragment, page)]
    assert len({re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", html) for html in served}) == 1


@pytest.mark.parametrize(("who", "labels", "offered"), [("alice", 5, True), ("alice", 0, False), ("bob", 5, False)])
def test_fine_tuning_is_offered_to_managers_once_a_model_has_learnt_from_labels(
    request, project, client_of, texts, who, labels, offered
):
    Ranking.objects.create(project=project, model_name="the quick model", labels_seen=labels, ranked_at=now())
    page = client_of(request.getfixturevalue(who)).get(url(project)).content.decode()
    assert ("Fine-tune now" in page) is offered


def test_the_page_costs_few_queries(project, bob, client_of, texts, label, django_assert_max_num_queries):
    give(project, bob, one(project, bob), label)
    client = client_of(bob)
    client.get(url(project))
    with django_assert_max_num_queries(23):
        client.get(url(project))


def test_the_plain_undo_form_takes_back_one_answer_however_often_it_is_posted(project, bob, client_of, texts, label):
    client = client_of(bob)
    form = re.compile(r'<form id="undo".*?</form>', re.S)
    assert 'name="key"' not in form.search(client.get(url(project)).content.decode())[0]
    older, newest = (give(project, bob, one(project, bob), label) for _ in range(2))
    shown = form.search(client.get(url(project)).content.decode())[0]
    (key,) = re.findall(r'name="key" value="([^"]+)"', shown)
    assert key == str(newest.key)
    for _ in range(2):  # a double click
        assert client.post(url(project, "label-undo"), {"key": key}).status_code == 302
    assert list(Annotation.objects.filter(superseded_at=None)) == [older]


def test_the_text_of_an_undone_answer_comes_first_whenever_it_was_handed_out(project, bob, client_of, texts, label):
    last = services.serve(project=project, annotator=bob)[-1]
    given = give(project, bob, last, label)
    reply = client_of(bob).post(url(project, "label-undo"), {"key": given.key}, **JSON).json()
    assert reply["undone"] == str(given.key) and reply["texts"][0]["lease"] == str(last.key)


def test_an_undone_answer_brings_its_comment_and_its_ticks_back(project, bob, client_of, texts, label):
    given = give(project, bob, one(project, bob), label, comment="See clause 4")
    reply = client_of(bob).post(url(project, "label-undo"), {"key": given.key}, **JSON).json()
    assert [text.get("begun") for text in reply["texts"]] == [
        {"ticked": [label.pk], "comment": "See clause 4"},
        *[None] * (AHEAD - 1),
    ]


def test_the_status_renews_the_leases_and_tells_todays_figures(project, bob, client_of, texts, label):
    give(project, bob, one(project, bob), label, seconds=4)
    held = services.serve(project=project, annotator=bob)
    reply = client_of(bob).post(url(project, "label-status")).json()
    assert [text["lease"] for text in reply["texts"]] == [str(text.key) for text in held]
    assert reply["progress"]["today"] == 1 and reply["progress"]["seconds_each"] == 4
    assert (reply["progress"]["labelled"], reply["progress"]["texts"]) == (1, 12)
    assert reply["progress"]["last"][0]["label_ids"] == [label.pk]


@pytest.mark.parametrize(
    ("policy", "stream", "seen"), [("shown", "active", True), ("hidden", "active", False), ("shown", "audit", False)]
)
def test_a_suggestion_is_shown_by_policy_and_never_before_an_audit_answer(
    project, bob, client_of, texts, label, policy, stream, seen
):
    Project.objects.update(suggestions=policy)
    free, reserved = free_and_reserved(texts)
    prediction = {str(one.pk): p for one, p in zip(project.labels.all(), (0.625, 0.25, 0.125), strict=True)}
    rank(project, free, prediction=prediction)
    rank(project, reserved, stream="audit", prediction=prediction)
    held = services.serve(project=project, annotator=bob, count=3)
    wanted = [str(text.key) for text in held if text.source == stream]
    shown = {text["lease"]: text["suggested"] for text in data_of(client_of(bob).get(url(project)))["texts"]}
    assert wanted
    for lease in wanted:
        assert shown[lease] == ({str(label.pk): 0.625} if seen else {})


@pytest.mark.parametrize(
    ("who", "sentence", "link"),
    [("alice", "no labels yet", "labels"), ("bob", "A manager of this project names them", None)],
)
def test_without_labels_the_page_says_what_to_do(request, project, client_of, who, sentence, link):
    project.labels.all().delete()
    page = client_of(request.getfixturevalue(who)).get(url(project)).content.decode()
    assert sentence in page
    assert link is None or f'href="{url(project, link)}"' in page


def test_without_texts_a_manager_is_led_to_the_import(project, alice, client_of):
    page = client_of(alice).get(url(project)).content.decode()
    assert "no texts yet" in page and url(project, "import-new") in page


def test_when_all_is_labelled_the_page_says_so(project, bob, client_of, label):
    add_texts(project, ["Only one"])
    give(project, bob, one(project, bob), label)
    page = client_of(bob).get(url(project)).content.decode()
    assert "Every text is labelled" in page and url(project, "results") in page


WRITES = ["label-next", "label-answer", "label-undo", "label-status", "label-leave"]


@pytest.mark.parametrize("name", ["label", *WRITES])
def test_strangers_get_404_readers_403_and_the_nameless_are_sent_to_sign_in(
    project, rita, mallory, client_of, client, name
):
    method = "get" if name == "label" else "post"
    assert getattr(client_of(mallory), method)(url(project, name)).status_code == 404
    assert getattr(client_of(rita), method)(url(project, name)).status_code == 403
    assert getattr(client_of(rita), method)(url(project, name).replace(project.slug, "nowhere")).status_code == 404
    assert getattr(client, method)(url(project, name)).status_code == 302


@pytest.mark.parametrize("name", WRITES)
def test_writes_refuse_get(project, bob, client_of, name):
    assert client_of(bob).get(url(project, name)).status_code == 405


@pytest.mark.parametrize("name", WRITES)
def test_a_page_of_somebody_else_is_refused_by_name_and_changes_nothing(project, alice, bob, client_of, texts, name):
    """Alice opened the page; in another tab Bob signed in."""
    services.serve(project=project, annotator=bob)
    before = list(Lease.objects.values())
    reply = client_of(bob).post(url(project, name), {"user": alice.pk}, **JSON)
    assert reply.status_code == 403
    assert reply.json()["error"] == "You are signed in as bob now; sign in as alice to save these."
    assert list(Lease.objects.values()) == before and not Annotation.objects.exists()


@pytest.mark.parametrize("sender", ["mallory", "²", "999999"])
def test_a_page_of_nobody_in_the_project_is_refused_without_a_name(
    project, bob, mallory, client_of, texts, label, sender
):
    sent = {"user": mallory.pk if sender == "mallory" else sender}
    reply = client_of(bob).post(url(project, "label-answer"), sent, **JSON)
    assert reply.status_code == 403
    assert reply.json()["error"] == "You are signed in as bob now; sign in as the person who gave them to save these."


def test_the_page_knows_whose_it_is_and_its_own_person_is_served(project, bob, client_of, texts):
    client = client_of(bob)
    user = data_of(client.get(url(project)))["user"]
    assert user == bob.pk
    assert len(client.post(url(project, "label-next"), {"user": user}, **JSON).json()["texts"]) == AHEAD


def test_writes_check_the_csrf_token(project, bob, texts):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(bob)
    assert client.post(url(project, "label-next")).status_code == 403


def test_an_answer_costs_few_queries_however_many_answers_there_are(
    project, bob, client_of, texts, label, django_assert_max_num_queries
):
    add_texts(project, [f"More {number}" for number in range(60)])
    client = client_of(bob)
    texts = data_of(client.get(url(project)))["texts"]
    for turn in range(30):
        fields = {"lease": texts[0]["lease"], "key": str(uuid.uuid4()), "label": label.pk}
        with django_assert_max_num_queries(24):
            texts = client.post(url(project, "label-answer"), fields, **JSON).json()["texts"]
        assert len(texts) == AHEAD, turn
