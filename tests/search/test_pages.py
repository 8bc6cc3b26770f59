"""The pages: who may open them, what they cost, what they show, and that all of it works as plain forms."""

from __future__ import annotations

import uuid

import pytest
from django.urls import reverse

from labeller.annotation.models import Annotation
from labeller.annotation.services import serve
from labeller.projects.models import Label
from labeller.search.models import BulkAct
from labeller.search.starting import words_for
from tests.annotation.acts import give, one
from tests.cast import add_texts, make_project
from tests.learning.scene import annotate, read


def list_at(project, query="") -> str:
    return f"{reverse('search', args=[project.slug])}?{query}"


def post(client, project, name, *args, **fields):
    return client.post(reverse(name, args=[project.slug, *args]), {"key": uuid.uuid4()} | fields)


@pytest.fixture
def court(project):
    return project.labels.get(name="Court")


class TestLabelsWithoutATextBesideTheTextThatIsLabelled:
    def at(self, project) -> str:
        return reverse("search-starts", args=[project.slug])

    def test_go_from_the_list_as_texts_get_them(self, project, texts, bob, client_of):
        client = client_of(bob)
        before = client.get(self.at(project)).content.decode()
        assert "Find texts for Court" in before and f'hx-get="{self.at(project)}"' in before
        annotate(texts[0], bob, ["Court"])
        after = client.get(self.at(project)).content.decode()
        assert "Find texts for Court" not in after and "Find texts for Change" in after

    def test_are_asked_for_again_with_each_saved_answer(self, project, texts, bob, client_of):
        page = client_of(bob).get(reverse("label", args=[project.slug])).content.decode()
        assert "Labels still without a text" in page and "labeller:saved from:document" in page

    def test_leave_nothing_that_asks_again_once_each_has_one(self, project, texts, bob, client_of):
        for text, label in zip(texts, project.labels.all(), strict=False):
            annotate(text, bob, [label.name])
        assert client_of(bob).get(self.at(project)).content.decode().strip() == ""

    def test_are_for_those_who_label(self, project, texts, rita, mallory, client_of):
        assert client_of(mallory).get(self.at(project)).status_code == 404
        assert client_of(rita).get(self.at(project)).status_code == 403

    def test_cost_one_query_beside_the_membership(self, project, texts, bob, client_of, django_assert_max_num_queries):
        client = client_of(bob)
        client.get(self.at(project))
        with django_assert_max_num_queries(5):
            client.get(self.at(project))


class TestAccess:
    def test_a_stranger_finds_nothing(self, project, texts, mallory, client_of):
        client = client_of(mallory)
        assert client.get(list_at(project)).status_code == 404
        assert client.get(reverse("search-bulk", args=[project.slug])).status_code == 404
        for name in ("search-label", "search-like"):
            assert post(client, project, name, mark=[texts[0].pk]).status_code == 404
        for name in ("search-undo", "search-go-on"):
            assert post(client, project, name, uuid.uuid4()).status_code == 404

    def test_a_reader_looks_and_labels_nothing(self, project, texts, rita, court, client_of):
        client = client_of(rita)
        page = client.get(list_at(project, "q=court"))
        assert page.status_code == 200 and b'name="mark"' not in page.content
        assert post(client, project, "search-label", mark=[texts[1].pk], label=court.pk).status_code == 403
        assert client.get(f"{reverse('search-bulk', args=[project.slug])}?q=court").status_code == 403

    def test_an_act_is_its_own_person_s_and_the_manager_s(self, project, texts, alice, bob, rita, court, client_of):
        post(client_of(alice), project, "search-label", mark=[texts[1].pk], label=court.pk)
        act = BulkAct.objects.get()
        address = reverse("search-act", args=[project.slug, act.key])
        assert client_of(bob).get(address).status_code == 404
        assert post(client_of(bob), project, "search-undo", act.key).status_code == 404
        assert client_of(alice).get(address).status_code == 200
        assert post(client_of(rita), project, "search-undo", act.key).status_code == 403

    def test_forms_want_their_token(self, project, texts, bob, court):
        from django.test import Client

        client = Client(enforce_csrf_checks=True)
        client.force_login(bob)
        assert post(client, project, "search-label", mark=[texts[1].pk], label=court.pk).status_code == 403

    def test_a_page_opened_by_somebody_else_labels_nothing(self, project, texts, alice, bob, court, client_of):
        refused = post(client_of(alice), project, "search-label", mark=[texts[1].pk], label=court.pk, user=bob.pk)
        assert refused.status_code == 403 and not Annotation.objects.exists()

    def test_texts_of_another_project_are_neither_shown_nor_labelled(self, project, texts, bob, court, client_of):
        (there,) = add_texts(make_project(name="Another"), ["A secret court."])
        assert b"secret" not in client_of(bob).get(list_at(project, "q=court")).content
        assert b"secret" not in client_of(bob).get(list_at(project, f"like={there.pk}")).content
        post(client_of(bob), project, "search-label", mark=[there.pk], label=court.pk)
        assert not Annotation.objects.exists()


class TestTheList:
    def test_it_shows_text_as_text_with_the_hits_marked(self, project, bob, client_of):
        add_texts(project, ["A <script>alert(1)</script> court & <mark>more</mark>"])
        page = client_of(bob).get(list_at(project, "q=court")).content.decode()
        assert "&lt;script&gt;alert(1)&lt;/script&gt; <mark>court</mark> &amp; &lt;mark&gt;more&lt;/mark&gt;" in page

    def test_what_was_typed_comes_back_escaped(self, project, texts, bob, client_of):
        page = client_of(bob).get(list_at(project, "q=%22%3E%3Cscript%3E&field=%3Cb%3E&value=1")).content.decode()
        assert "<script>" not in page and "<b>=" not in page

    def test_it_costs_as_many_queries_however_much_there_is(
        self, project, texts, alice, bob, client_of, django_assert_max_num_queries
    ):
        for document in texts:
            annotate(document, alice)
        client = client_of(bob)
        client.get(list_at(project, "q=court"))
        with django_assert_max_num_queries(22):
            client.get(list_at(project, "q=the&status=labelled"))
        add_texts(project, [f"The court number {number}" for number in range(100)])
        with django_assert_max_num_queries(22):
            assert client.get(list_at(project, "q=the")).status_code == 200

    def test_it_is_paged_and_its_pages_keep_what_was_asked(self, project, bob, client_of):
        add_texts(project, [f"The fee {number}" for number in range(60)])
        client = client_of(bob)
        first = client.get(list_at(project, "q=fee&by=words&label=")).content.decode()
        assert (
            first.count('name="mark"') == 25
            and "60 texts" in first
            and 'href="?q=fee&amp;by=words&amp;page=2"' in first
        )
        last = client.get(list_at(project, "q=fee&page=99")).content.decode()
        assert last.count('name="mark"') == 10 and "Page 3 of 3" in last

    def test_a_sentence_shows_the_texts_that_share_its_words_on_top(self, project, texts, bob, client_of):
        read(project)
        page = client_of(bob).get(list_at(project, "by=meaning&q=the+venue+of+courts")).content.decode()
        stockholm = next(text for text in texts if "Stockholm" in text.text)
        first = page[page.index("<ol") :].partition("</li>")[0]
        assert f'id="text-{stockholm.pk}"' in first and "shares these words" in first
        assert "<b>Closest in meaning to “the venue of courts”</b>" in page and "30 texts, the nearest first" in page
        assert "Label all" not in page

    def test_a_text_in_somebody_s_hands_is_said_to_be(self, project, texts, alice, bob, client_of):
        served = one(project, alice)
        word = served.text.split()[-1].strip(".")
        assert "In somebody else&#x27;s hands now" in client_of(bob).get(list_at(project, f"q={word}")).content.decode()

    def test_what_others_have_answered_is_not_called_unlabelled_and_their_labels_stay_hidden(
        self, project, texts, alice, bob, rita, client_of
    ):
        annotate(texts[1], alice)
        hers = client_of(bob).get(list_at(project, "q=lawsuit")).content.decode()
        assert "Needs no more answers" in hers and ">Not labelled</span>" not in hers and "<b>Court</b>" not in hers
        seen = client_of(rita).get(list_at(project, "q=lawsuit")).content.decode()
        assert "<b>Court</b>" in seen and "Needs no more answers" not in seen

    def test_a_text_in_one_s_own_hands_leads_to_the_labelling_page(self, project, texts, bob, client_of):
        word = one(project, bob).text.split()[-1].strip(".")
        page = client_of(bob).get(list_at(project, f"q={word}")).content.decode()
        assert f'<a href="{reverse("label", args=[project.slug])}">Yours on the labelling page</a>' in page

    @pytest.mark.parametrize(
        ("status", "sentence"),
        [
            ("skipped", "You skipped it"),
            ("unsure", "You were unsure of it"),
            ("labelled", "You answered it on the labelling page"),
        ],
    )
    def test_an_audit_text_that_one_has_put_off_or_answered_leads_to_that_answer(
        self, project, texts, bob, rita, court, client_of, status, sentence
    ):
        served = next(text for text in serve(project=project, annotator=bob, count=12) if text.source == "audit")
        answer = give(project, bob, served, *([court] if status == "labelled" else []), status=status)
        word = served.text.split()[-1].strip(".")
        page = client_of(bob).get(list_at(project, f"q={word}")).content.decode()
        address = reverse("answer-change", args=[project.slug, answer.key])
        assert f'{sentence}</span> <a href="{address}">' in page and client_of(bob).get(address).status_code == 200
        assert address not in client_of(rita).get(list_at(project, f"q={word}")).content.decode()

    def test_no_hit_says_what_finds_more(self, project, texts, bob, client_of):
        assert "No text fits." in client_of(bob).get(list_at(project, "q=zeppelin")).content.decode()

    def test_an_address_with_a_label_that_is_gone_still_opens(self, project, texts, bob, client_of):
        page = client_of(bob).get(list_at(project, "q=court&label=987654")).content.decode()
        assert "That part is left out." in page and "<mark>" in page

    def test_where_suggestions_are_hidden_an_annotator_is_offered_no_filter_by_the_model(
        self, project, texts, bob, client_of
    ):
        project.suggestions = "hidden"
        project.save()
        assert "The model says" not in client_of(bob).get(list_at(project)).content.decode()

    def test_the_data_page_leads_here(self, project, texts, bob, client_of):
        page = client_of(bob).get(reverse("data", args=[project.slug])).content.decode()
        assert f'action="{list_at(project)[:-1]}"' in page


class TestLabellingFromIt:
    def test_marked_texts_are_labelled_and_the_list_comes_back(self, project, texts, bob, court, client_of):
        marks = [texts[1].pk, texts[4].pk]
        reply = post(client_of(bob), project, "search-label", mark=marks, label=court.pk, query="q=courts&page=2")
        assert reply.status_code == 302 and reply["Location"] == list_at(project, "q=courts")
        assert Annotation.objects.filter(source="search", labels=court).count() == 2
        assert Annotation.objects.first().reason == "Found by search: with the words “courts”"
        page = client_of(bob).get(reply["Location"]).content.decode()
        assert "<b>Court</b>" in page

    def test_the_script_gets_each_text_s_new_state_and_the_undo(self, project, texts, bob, court, client_of):
        client = client_of(bob)
        address = reverse("search-label", args=[project.slug])
        fields = {"key": uuid.uuid4(), "focus": texts[1].pk, "label": court.pk}
        reply = client.post(address, fields, headers={"accept": "application/json"}).json()
        assert reply["said"] == "1 text labelled Court."
        assert "<b>Court</b>" in reply["states"][str(texts[1].pk)]
        undone = client.post(reply["undo"], headers={"accept": "application/json"}).json()
        assert undone["said"] == "1 answer taken back." and undone["undo"] is None
        assert "Court" not in undone["states"][str(texts[1].pk)]

    def test_the_undo_of_an_act_that_never_was_is_a_definite_no(self, project, texts, bob, client_of):
        undo = reverse("search-undo", args=[project.slug, uuid.uuid4()])
        reply = client_of(bob).post(undo, headers={"accept": "application/json"})
        assert reply.status_code == 422 and "nothing to undo" in reply.json()["error"]

    def test_while_another_request_is_at_it_the_script_is_told_to_send_it_again(
        self, project, texts, bob, court, client_of, monkeypatch
    ):
        fields = {"key": uuid.uuid4(), "mark": [texts[1].pk], "label": court.pk}
        sent = (reverse("search-label", args=[project.slug]), fields)
        client, wants = client_of(bob), {"accept": "application/json"}
        with monkeypatch.context() as busy:
            busy.setattr("labeller.search.bulk.carry_on", lambda pk: None)
            assert client.post(*sent, headers=wants).status_code == 503
            undo = reverse("search-undo", args=[project.slug, fields["key"]])
            refused = client.post(undo, headers=wants)
            assert refused.status_code == 422 and "still being labelled" in refused.json()["error"]
        assert client.post(*sent, headers=wants).json()["said"] == "1 text labelled Court."

    def test_what_was_left_is_said(self, project, texts, alice, bob, court, client_of):
        annotate(texts[1], alice)
        reply = client_of(bob).post(
            reverse("search-label", args=[project.slug]),
            {"key": uuid.uuid4(), "mark": [texts[1].pk], "label": court.pk},
            headers={"accept": "application/json"},
        )
        assert reply.json()["said"] == "No text was labelled. Left as it was: 1 answered by others."

    @pytest.mark.parametrize("fields", [{}, {"mark": "x"}, {"mark": "1", "key": "no"}, {"mark": "1"}])
    def test_what_is_missing_is_said_and_nothing_is_written(self, project, texts, bob, client_of, fields):
        client = client_of(bob)
        reply = client.post(reverse("search-label", args=[project.slug]), {"key": uuid.uuid4()} | fields, follow=True)
        assert reply.status_code == 200 and b"notice error" in reply.content and not Annotation.objects.exists()

    def test_none_of_the_labels_is_an_answer_where_a_text_may_have_several(self, project, texts, bob, client_of):
        project.kind = "multi"
        project.save()
        post(client_of(bob), project, "search-label", mark=[texts[1].pk], none="on")
        assert Annotation.objects.get().labels.count() == 0

    def test_but_no_tick_at_all_is_a_slip_and_no_answer(self, project, texts, bob, client_of):
        project.kind = "multi"
        project.save()
        reply = client_of(bob).post(
            reverse("search-label", args=[project.slug]),
            {"key": uuid.uuid4(), "mark": [texts[1].pk, texts[4].pk], "query": "q=courts"},
            follow=True,
        )
        assert "Choose the labels first, or none of them." in reply.content.decode()
        assert not Annotation.objects.exists() and not BulkAct.objects.exists()

    @pytest.mark.parametrize("name", ["search", "search-bulk"])
    def test_a_label_that_is_being_split_is_not_offered(self, project, texts, bob, court, client_of, name):
        Label.objects.filter(pk=court.pk).update(on_offer=False)
        page = client_of(bob).get(f"{reverse(name, args=[project.slug])}?q=courts")
        assert [label.name for label in page.context["labels"]] == ["Change", "Other"]

    def test_marked_texts_lead_to_more_like_them(self, project, texts, bob, client_of):
        reply = post(client_of(bob), project, "search-like", mark=[texts[1].pk, texts[4].pk])
        assert reply["Location"] == list_at(project, f"like={texts[1].pk}&like={texts[4].pk}")


class TestLabellingAllOfIt:
    @pytest.fixture
    def ask(self, project, bob, client_of):
        client = client_of(bob)
        address = f"{reverse('search-bulk', args=[project.slug])}?q=court+OR+courts"

        def asked(**fields):
            return client.post(address, {"key": uuid.uuid4()} | fields) if fields else client.get(address)

        return asked

    def test_exact_numbers_come_before_anything_is_done(self, texts, alice, court, ask):
        annotate(texts[1], alice)
        page = ask().content.decode()
        assert "Label 7 texts at once" in page and "Answered by others" in page
        confirm = ask(label=court.pk, take_reserve="on")
        assert "Label 6 texts" in confirm.content.decode() and "1 answered by others" in confirm.content.decode()
        assert Annotation.objects.count() == 1
        done = ask(label=court.pk, take_reserve="on", agreed=confirm.context["agreed"])
        assert done.status_code == 302 and BulkAct.objects.get().given == 6

    def test_a_list_that_changed_meanwhile_is_asked_about_again(self, texts, alice, court, ask):
        agreed = ask(label=court.pk, take_reserve="on").context["agreed"]
        annotate(texts[1], alice)
        again = ask(label=court.pk, take_reserve="on", agreed=agreed)
        assert again.status_code == 422 and "has changed since you were asked" in again.content.decode()
        assert not BulkAct.objects.exists()

    def test_other_labels_than_were_agreed_to_are_asked_about_again(self, texts, project, court, ask):
        agreed = ask(label=court.pk).context["agreed"]
        assert ask(label=project.labels.get(name="Other").pk, agreed=agreed).status_code == 422

    def test_a_list_of_signs_is_no_list_of_all_texts(self, project, texts, bob, client_of):
        page = client_of(bob).get(f"{reverse('search-bulk', args=[project.slug])}?q=§")
        assert page.context["selection"].counts == []
        assert "Only letters and digits are looked for" in page.content.decode()

    def test_no_label_is_a_sentence(self, texts, ask):
        reply = ask(take_reserve="on")
        assert reply.status_code == 422 and "Choose the label first." in reply.content.decode()

    def test_a_ranking_cannot_be_labelled_whole(self, project, texts, bob, client_of):
        from tests.learning.scene import read

        read(project)
        page = client_of(bob).get(f"{reverse('search-bulk', args=[project.slug])}?like={texts[1].pk}")
        assert "Mark those that fit" in page.content.decode()

    def test_without_a_worker_a_long_act_says_that_it_waits(self, project, texts, bob, court, client_of, monkeypatch):
        monkeypatch.setattr("labeller.search.bulk.AT_ONCE", 1)
        monkeypatch.setattr("labeller.queueing.enqueue", lambda *_, **__: True)
        post(client_of(bob), project, "search-label", mark=[texts[1].pk, texts[4].pk], label=court.pk)
        act = BulkAct.objects.get()
        page = client_of(bob).get(reverse("search-act", args=[project.slug, act.key])).content.decode()
        assert "0 of 2 texts" in page and "No worker is running" in page and "every 1s" in page


class TestWhereToBegin:
    def test_a_label_without_a_text_offers_its_search_on_the_first_page(self, project, texts, bob, rita, client_of):
        annotate(texts[0], bob)
        page = client_of(bob).get(reverse("project", args=[project.slug])).content.decode()
        assert "Find texts for Court" in page and "Find texts for Change" not in page
        assert "Find texts" not in client_of(rita).get(reverse("project", args=[project.slug])).content.decode()

    def test_and_beside_the_text_on_the_labelling_page(self, project, texts, bob, client_of):
        page = client_of(bob).get(reverse("label", args=[project.slug])).content.decode()
        assert 'href="/p/terms-of-service/data/search/?q=court"' in page

    @pytest.mark.parametrize(
        ("name", "description", "typed"),
        [
            ("Court", "", "court"),
            ("Choice of law", "", "choice OR law"),
            ("card_payment_fee", "", "card OR payment OR fee"),
            ("B2", "When a clause limits what the company owes.", "clause OR limits OR company"),
            ("北京", "", "北京"),
        ],
    )
    def test_the_box_holds_the_label_s_words(self, name, description, typed):
        assert words_for(Label(name=name, description=description)) == typed
