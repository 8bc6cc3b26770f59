"""Which texts a list has: by words, by meaning, by filters, and by any of them together."""

from __future__ import annotations

import uuid
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from django.utils import timezone

from labeller.annotation.models import Annotation, Lease
from labeller.annotation.standing import Standing, standings
from labeller.corpus.models import Document, ImportJob
from labeller.projects.merging import merge_labels
from labeller.projects.models import Project
from tests.cast import add_texts, join, make_user
from tests.learning.scene import annotate, read, refit


def ids(documents) -> set[int]:
    return {document.pk for document in documents}


class TestWordsAndFilters:
    def test_words_alone_come_ranked(self, texts, found):
        assert len(found("q=court+OR+courts").ids) == 7

    @pytest.mark.parametrize("typed", ["§", "€", "😀", '""', "...", "OR", "-", "§&status=unlabelled", "§&like=1"])
    def test_signs_without_a_word_find_nothing_and_not_everything(self, texts, found, typed):
        made = found(f"q={typed}")
        assert made.ids == [] and "Only letters and digits are looked for" in made.trouble

    def test_a_label_and_a_state_are_asked_of_the_same_answer(self, texts, found, project, alice, bob):
        annotate(texts[0], alice)
        annotate(texts[1], bob)
        Annotation.objects.create(
            key="00000000-0000-0000-0000-000000000001",
            project=project, document=texts[2], annotator=bob, status="unsure", source="active",
        )  # fmt: skip
        change, court = (project.labels.get(name=name).pk for name in ("Change", "Court"))
        assert found(f"label={change}").ids == [texts[0].pk]
        assert found(f"label={change}&who={bob.pk}").ids == []
        assert found(f"who={bob.pk}").ids == [texts[1].pk, texts[2].pk]
        assert found(f"who={bob.pk}&status=unsure").ids == [texts[2].pk]
        assert found("status=labelled").ids == [texts[0].pk, texts[1].pk]
        assert set(found("status=unlabelled").ids) == ids(texts) - ids(texts[:2])
        assert len(found(f"status=unlabelled&who={bob.pk}").ids) == 29
        assert found(f"q=lawsuit&label={court}").ids == [texts[1].pk]
        assert found("q=lawsuit&status=unlabelled").ids == []

    def test_answers_that_differ(self, texts, found, alice, bob):
        for document, theirs in ((texts[0], "Change"), (texts[1], "Other")):
            annotate(document, alice)
            annotate(document, bob, [theirs])
        annotate(texts[2], alice)
        assert found("status=disagreed").ids == [texts[1].pk]

    def test_answers_that_differ_in_one_of_several_labels(self, texts, found, project, alice, bob):
        project.kind = "multi"
        project.save()
        for document, mine, theirs in (
            (texts[0], ["Change", "Court"], ["Court", "Change"]),
            (texts[1], ["Change", "Court"], ["Court"]),
            (texts[2], [], ["Court"]),
            (texts[3], [], []),
        ):
            annotate(document, alice, mine)
            annotate(document, bob, theirs)
        assert found("status=disagreed").ids == [texts[1].pk, texts[2].pk]

    def test_answers_that_differ_once_labels_were_merged(self, texts, found, project, alice, bob):
        project.kind = "multi"
        project.save()
        for document, mine, theirs in (
            (texts[0], ["Change"], ["Court"]),
            (texts[1], ["Change", "Court"], ["Change"]),
            (texts[2], ["Change", "Court", "Other"], ["Change"]),
            (texts[3], ["Change", "Court"], []),
            (texts[4], ["Court"], ["Other"]),
        ):
            annotate(document, alice, mine)
            annotate(document, bob, theirs)
        assert found("status=disagreed").ids == [one.pk for one in texts[:5]]
        change, court = (project.labels.get(name=name) for name in ("Change", "Court"))
        merge_labels(project=project, labels=[change, court], into="Clause", by=alice)
        assert found("status=disagreed").ids == [one.pk for one in texts[2:5]]

    @pytest.mark.parametrize(
        ("value", "typed"), [("Ireland", "Ireland"), (2019, "2019"), (1.5, "1.5"), ('a "b"', 'a "b"')]
    )
    def test_a_field_is_compared_as_text(self, texts, found, value, typed):
        Document.objects.filter(pk=texts[4].pk).update(metadata={"where": value, "x": 1})
        assert found(f"field=where&value={typed}").ids == [texts[4].pk]
        assert found("field=where&value=elsewhere").ids == []
        assert found("field=nowhere&value=1").ids == []

    @pytest.mark.parametrize(
        "name", ["2019", "-1", "007", "a.b", 'in "quotes"', "it's", "$", "Größe", "50 %", "x[0]", "\\"]
    )
    def test_a_field_may_have_any_name(self, texts, found, name):
        Document.objects.filter(pk=texts[4].pk).update(metadata={name: "here", "other": "there"})
        Document.objects.filter(pk=texts[5].pk).update(metadata={"other": "here"})
        assert found(urlencode({"field": name, "value": "here"})).ids == [texts[4].pk]

    @pytest.mark.parametrize(("value", "typed"), [(True, "true"), ("null", "null"), ([1, 2], "3")])
    def test_a_field_that_is_no_text_is_found_or_not_but_no_error(self, texts, found, value, typed):
        Document.objects.filter(pk=texts[4].pk).update(metadata={"where": value})
        assert found(f"field=where&value={typed}").ids == ([] if typed == "3" else [texts[4].pk])

    def test_the_texts_of_one_import(self, texts, found, project):
        job = ImportJob.objects.create(project=project, file_name="a.csv", path="a", size=1, sha256="", added=1)
        Document.objects.filter(pk=texts[7].pk).update(import_job=job)
        assert found(f"batch={job.pk}").ids == [texts[7].pk]

    @pytest.mark.parametrize(
        "query",
        [
            "label=999",
            "who=999",
            "batch=zero",
            "status=odd",
            "least=200",
            "by=odd&q=court",
            "like=x",
            f"like={10**30}",
            "q=" + "a" * 600,
        ],
    )
    def test_what_does_not_fit_is_left_out(self, texts, found, query):
        assert found(query).trouble == "" or found(query).ids == []

    def test_who_labels_sees_her_own_answers_alone(self, texts, found, alice, bob, rita):
        annotate(texts[0], alice)
        annotate(texts[1], bob)
        assert found("status=labelled", bob).ids == [texts[1].pk]
        assert found(f"who={alice.pk}", bob).ids == []
        assert found("status=labelled", alice).ids == found("status=labelled", rita).ids == [texts[0].pk, texts[1].pk]


class TestNotLabelledForWhoLabels:
    """An annotator sees her own answers alone; what needs no more of anybody is not offered to her all the same."""

    @pytest.fixture
    def project(self, project):
        project.audit = False
        project.save()
        return project

    def test_texts_that_others_have_answered_are_not_among_them(self, texts, found, alice, bob, rita):
        annotate(texts[0], alice)
        annotate(texts[1], alice, source="gold")  # an examination: no answer of those wanted
        assert set(found("status=unlabelled", bob).ids) == ids(texts[1:])
        assert set(found("status=unlabelled", rita).ids) == ids(texts[2:])

    def test_where_two_people_answer_each_text_one_of_them_leaves_it_open(self, texts, found, project, alice, bob):
        Project.objects.update(overlap=2)
        project.refresh_from_db()
        carol = make_user("carol")
        join(project, carol)
        for document in texts[:2]:
            annotate(document, alice)
        annotate(texts[0], carol)
        annotate(texts[2], alice, source="review")
        assert set(found("status=unlabelled", bob).ids) == ids(texts) - ids([texts[0], texts[2]])

    def test_those_in_one_s_own_hands_stay_for_a_gold_text_would_be_missing(self, texts, found, project, alice, bob):
        annotate(texts[0], alice)
        annotate(texts[1], alice)
        Lease.objects.create(
            project=project, document=texts[0], annotator=bob, slot=0, source="gold", reason="Drawn at random",
            expires_at=timezone.now() + timedelta(minutes=5),
        )  # fmt: skip
        Annotation.objects.create(
            key=uuid.uuid4(), project=project, document=texts[1], annotator=bob, status="skipped", source="gold"
        )
        assert set(found("status=unlabelled", bob).ids) == ids(texts)

    @pytest.mark.parametrize("rule", [{}, {"overlap": 2}, {"overlap": 2, "overlap_on": "drawn", "overlap_share": 50}])
    def test_the_list_and_each_of_its_rows_say_the_same(self, texts, found, project, alice, bob, rule):
        Project.objects.update(audit=True, **rule)
        project.refresh_from_db()
        carol = make_user("carol")
        join(project, carol)
        for at, document in enumerate(texts):
            for who in (alice, carol)[: at % 3]:
                annotate(document, who, source=("active", "audit", "gold", "import", "search")[at % 5])
        stands = standings(project, bob, ids(texts))
        open_ones = {pk for pk, standing in stands.items() if standing != Standing.ANSWERED}
        assert set(found("status=unlabelled", bob).ids) == open_ones and 0 < len(open_ones) < len(texts)


class TestMeaning:
    def test_more_like_one_text_are_of_its_kind(self, texts, found, project):
        read(project)
        near = found(f"like={texts[1].pk}")
        assert texts[1].pk not in near.ids and len(near.ids) == 29 and near.is_ranking
        court = ids(texts[1::3])
        assert len(court & set(near.ids[:5])) >= 4
        assert list(near.similarity.values()) == sorted(near.similarity.values(), reverse=True)

    def test_more_like_several_texts_with_filters_and_words(self, texts, found, project, alice):
        read(project)
        annotate(texts[4], alice)
        near = found(f"like={texts[1].pk}&like={texts[7].pk}&status=unlabelled&q=court+OR+courts")
        assert texts[4].pk not in near.ids and set(near.ids) <= ids(texts[1::3])

    def test_more_like_the_texts_of_a_label(self, texts, found, project, alice):
        read(project)
        court = project.labels.get(name="Court")
        assert "No text has this label yet" in found(f"like_label={court.pk}").trouble
        for document in texts[1:8:3]:
            annotate(document, alice)
        assert len(set(found(f"like_label={court.pk}").ids[:4]) & ids(texts[10::3])) >= 3

    def test_likeness_to_a_label_tells_an_annotator_nothing_of_others_answers(self, texts, found, project, alice, bob):
        """Examples are left out of their list: by what is missing one could tell who gave what."""
        read(project)
        annotate(texts[1], alice)
        assert found(f"like_label={project.labels.get(name='Court').pk}", bob).trouble

    def test_a_typed_sentence_is_stood_for_by_the_texts_that_share_its_words(self, texts, found, project):
        read(project)
        near = found("by=meaning&q=exclusive+jurisdiction+of+tribunals")
        assert len(set(near.ids[5:9]) & ids(texts[1::3])) >= 3 and "stand for their meaning" in near.note
        assert "No text has any of these words" in found("by=meaning&q=zeppelin").trouble
        assert "No text has any of these words" in found("by=meaning&q=!!").trouble

    def test_the_texts_that_stand_for_a_sentence_come_first(self, texts, found, project):
        """Nobody has chosen or seen them, and nothing fits better."""
        read(project)
        best = {text.pk for text in texts if " courts " in text.text}
        near = found("by=meaning&q=courts")
        assert set(near.ids[: len(best)]) == near.by_words == best and len(best) == 4
        assert len(near.ids) == len(set(near.ids)) == len(texts) and near.is_ranking

    def test_of_the_texts_that_stand_for_a_sentence_those_come_that_fit_the_filters(self, texts, found, project, alice):
        read(project)
        best = found("by=meaning&q=courts").ids[:2]
        answered = next(text for text in texts if text.pk == best[0])
        annotate(answered, alice)
        near = found("by=meaning&q=courts&status=unlabelled")
        assert best[0] not in near.ids and near.ids[0] == best[1]

    def test_before_the_texts_are_read_it_is_said_so(self, texts, found):
        assert "not been read" in found(f"like={texts[1].pk}").trouble

    def test_texts_deleted_since_they_were_read_are_not_found(self, texts, found, project):
        read(project)
        texts[4].delete()
        assert texts[4].pk not in found(f"like={texts[1].pk}").ids

    def test_texts_of_another_project_are_no_examples(self, texts, found, project):
        from tests.cast import make_project

        read(project)
        (there,) = add_texts(make_project(name="Another"), ["There"])
        assert found(f"like={there.pk}").ids == []


class TestTheModel:
    @pytest.fixture
    def modelled(self, texts, project, alice):
        read(project)
        for document in texts[:9]:
            annotate(document, alice)
        refit(project)
        return texts

    def test_texts_are_found_by_what_it_says_and_how_sure_it_is(self, modelled, found, project):
        project.audit = False
        project.save()
        court = project.labels.get(name="Court").pk
        said = found(f"model_label={court}").ids
        assert len(set(said) & ids(modelled[1::3])) >= 7 and len(said) <= 15
        assert set(found(f"model_label={court}&status=unlabelled").ids) == set(said) - ids(modelled[:9])
        sure, unsure = found("least=60").ids, found("most=59").ids
        assert not set(sure) & set(unsure) and len(sure) + len(unsure) == 30

    def test_texts_set_apart_to_measure_it_are_never_found_by_what_it_says(self, modelled, found):
        assert set(found("least=0&most=100").ids) == {one.pk for one in modelled if one.draw >= 0.5}

    def test_where_suggestions_are_hidden_only_managers_make_such_lists(self, modelled, found, project, alice, bob):
        project.suggestions = "hidden"
        project.save()
        assert found("least=0", alice).ids
        assert found("least=99", bob).ids == found("", bob).ids

    def test_before_the_first_model_it_is_said_so(self, texts, found):
        assert "No model has read the texts yet" in found("least=50").trouble
