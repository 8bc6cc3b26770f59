"""Gold texts are slipped in unmarked: who gets one and when, and that nothing tells it from the others."""

from __future__ import annotations

from uuid import uuid4

import pytest

from labeller.annotation import services
from labeller.annotation.gold import make_gold
from labeller.annotation.models import Annotation, GoldText, Lease, Source
from labeller.annotation.page import text_of
from labeller.projects.models import Project
from tests.annotation.acts import free_and_reserved, let_go, rank, work
from tests.cast import add_texts, join, make_user

pytestmark = pytest.mark.django_db


class TestSlippingIn:
    def test_about_the_share_of_what_is_served_is_gold(self, project, bob, golds, change):
        """At a half the ten there are come soon; one or the other is met before as an ordinary text."""
        served = work(project, bob, change, 40)
        found = [text.document_id for text in served if text.source == Source.GOLD]
        assert 4 <= len(found) <= 10 and len(set(found)) == len(found)
        assert set(found) <= {one.document_id for one in golds}

    def test_none_is_slipped_in_where_the_share_is_nothing(self, project, bob, golds, change):
        project.gold_share = 0
        project.save()
        assert all(text.source != Source.GOLD for text in work(project, bob, change, 30))

    def test_it_looks_like_a_text_drawn_at_random(self, project, bob, texts, golds, change):
        rank(project, free_and_reserved(texts)[0], prediction={"1": 0.9}, model_key="quick")
        served = work(project, bob, change, 40)
        drawn = next(text for text in served if text.source == Source.AUDIT)
        for text in (text for text in served if text.source == Source.GOLD):
            assert text.reason == drawn.reason
            page = text_of(project, text)
            assert page["suggested"] == {} and "gold" not in str(page).lower()

    def test_it_goes_to_everybody_at_once_and_takes_nobody_s_place(self, project, alice, bob, golds, change):
        carol = make_user("carol")
        join(project, carol)
        for person in (bob, carol):
            services.serve(project=project, annotator=person, count=30)
        shared = Lease.objects.filter(source=Source.GOLD).values_list("document", flat=True)
        assert len(shared) > len(set(shared))

    def test_nobody_gets_what_they_answered_made_or_took_back(self, project, alice, bob, texts, court, change):
        Project.objects.filter(pk=project.pk).update(gold_share=50)
        project.refresh_from_db()
        answered = work(project, bob, change, 20)
        undone = services.undo(project=project, annotator=bob)
        let_go(project, bob, Lease.objects.values_list("key", flat=True))
        for text in answered:
            make_gold(
                project=project,
                by=alice,
                document=project.documents.get(pk=text.document_id),
                label_ids=[court.pk],
            )
        assert all(text.source != Source.GOLD for text in work(project, bob, change))
        assert all(text.source != Source.GOLD for text in work(project, alice, change))
        assert undone is not None

    def test_where_nothing_else_is_left_no_gold_comes_alone(self, project, bob, golds, change):
        work(project, bob, change, 200)
        left = GoldText.objects.exclude(document__annotations__annotator=bob).count()
        assert services.serve(project=project, annotator=bob) == []
        assert left == 0 or not Lease.objects.filter(closed_at=None).exists()

    def test_a_text_of_the_audit_s_reserve_waits_until_it_was_drawn(self, project, alice, bob, texts, court, change):
        """Or a text would be missing from the audit for its known label, and the rest were no fair sample."""
        Project.objects.filter(pk=project.pk).update(gold_share=50)
        project.refresh_from_db()
        reserved = free_and_reserved(texts)[1]
        for text in reserved:
            make_gold(project=project, by=alice, document=text, label_ids=[court.pk])
        served = work(project, bob, change, 20)
        assert not [text for text in served if text.source == Source.GOLD]
        carol = make_user("carol")
        join(project, carol)
        slipped = {text.document_id for text in work(project, carol, change, 40) if text.source == Source.GOLD}
        assert slipped and slipped <= {text.document_id for text in served if text.source == Source.AUDIT}


def say_at_once(text, person, label, source):
    """An answer without a lease."""
    answer = Annotation.objects.create(
        key=uuid4(), project=text.project, document=text, annotator=person, status="labelled", source=source
    )
    answer.labels.set([label])


def looks_of(project, text):
    """All that the page tells of a text but what it says itself. A model's reason names the text's own figures."""
    page = text_of(project, text)
    reason = page["reason"] if page["reason"].startswith("Drawn at random") else "a model's"
    return reason, bool(page["suggested"]), tuple(sorted(page))


class TestBeingLikeTheOthers:
    """Whatever the page tells of a gold text it tells of as many ordinary ones that came in the same hours."""

    @pytest.fixture
    def golds(self, project, alice, court):
        """Forty texts that came labelled with a file: no stream serves them, so each that is met is met as gold."""
        Project.objects.filter(pk=project.pk).update(gold_share=25)
        project.refresh_from_db()
        texts = add_texts(project, [f"Known clause {number}" for number in range(40)])
        for text in texts:
            say_at_once(text, alice, court, source=Source.IMPORT)
        return [make_gold(project=project, by=alice, document=text, label_ids=[court.pk]) for text in texts]

    @pytest.fixture
    def free(self, project, texts, golds, change):
        """Texts for a model to choose from, all ranked with a suggestion."""
        more = add_texts(project, [f"Ordinary clause {number}" for number in range(200)])
        known = {one.document_id for one in golds}
        free = [text for text in free_and_reserved([*texts, *more], 320)[0] if text.pk not in known]
        rank(project, free, prediction={str(change.pk): 0.8}, model_key="quick", reason="Least sure: Change 80 %")
        return free

    @pytest.mark.parametrize("policy", ["shown", "half", "hidden"])
    def test_where_a_model_chooses_all_as_many_are_drawn_at_random(self, project, bob, golds, free, change, policy):
        project.audit, project.suggestions = False, policy
        project.save()
        served = work(project, bob, change, 120)
        gold = [looks_of(project, text) for text in served if text.source == Source.GOLD]
        others = [looks_of(project, text) for text in served if text.source != Source.GOLD]
        assert len(set(gold)) == 1 and len(gold) >= 10
        assert others.count(gold[0]) >= len(gold) / 3  # in the mean as many
        assert "a model's" in {reason for reason, *_ in others}  # a model chooses the others still

    def test_where_the_audit_has_no_more_texts_it_claims_none(self, project, bob, golds, free, change):
        """Else whoever has seen the whole reserve would know a text that says it belongs to it."""
        reserved = free_and_reserved(list(project.documents.all()))[1]
        for text in reserved:
            say_at_once(text, bob, change, source=Source.AUDIT)
        served = work(project, bob, change, 100)
        assert {looks_of(project, text)[0] for text in served} == {"Drawn at random", "a model's"}

    def test_where_the_gold_is_used_up_no_more_are_drawn_to_look_like_it(self, project, bob, free, change):
        GoldText.objects.all().delete()
        project.audit = False
        project.save()
        assert {looks_of(project, text)[0] for text in work(project, bob, change, 40)} == {"a model's"}

    def test_a_text_whose_known_label_is_being_split_is_not_slipped_in(self, project, bob, golds, free, change, court):
        court.on_offer, court.hotkey = False, ""
        court.save()
        assert all(text.source != Source.GOLD for text in work(project, bob, change, 40))
