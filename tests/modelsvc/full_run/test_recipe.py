from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from modelsvc.encoding.encoder import Encoder
from modelsvc.full_run.halves_facts import FACTS, LABELS, RANKED
from modelsvc.full_run.recipe import RecipeConfig, Stage, train
from modelsvc.full_run.recipe_config import rounds, teacher_for
from modelsvc.full_run.second_opinion import SecondOpinion
from modelsvc.full_run.students import learn_from_pool
from modelsvc.tuning.adapt_config import AdaptConfig
from modelsvc.types import Progress

TEXTS = [f"{who} may {what} at any time." for what in ("cancel", "pay", "write", "leave") * 4 for who in ("We", "You")]
Y = np.tile(np.eye(2, dtype=np.uint8), (16, 1))
POOL = [f"{who} can {what} number {i}." for i in range(55) for what in ("see", "ask") for who in ("We", "You")]
SMALL = RecipeConfig(pseudo=(8, 16), epochs=0.2, least_right=0.0)


def run(tiny, **changes):
    given = {"texts": TEXTS, "Y": Y, "multi_label": False, "pool_texts": POOL, "config": SMALL} | changes
    return train(tiny, given.pop("texts"), given.pop("Y"), **given)


def test_the_labels_come_first_and_the_pool_second(tiny):
    told: list[Stage] = []
    stages = run(tiny, on_stage=told.append)
    assert [stage.name for stage in stages] == ["labels", "pool"] == [stage.name for stage in told]
    first, second = stages
    assert len({Encoder.load(tiny).sha256, first.encoder.sha256, second.encoder.sha256}) == 3
    assert second.facts["pseudo_labels"] == 16
    assert "16 unlabelled texts" in second.reason


def test_the_bar_never_goes_back_and_leaves_room_for_the_callers_reading(tiny):
    told: list[float] = []

    def read(stage: Stage) -> None:
        told.extend(stage.reading)

    run(tiny, on_stage=read, on_progress=lambda p: told.append(p.done))
    assert told == sorted(told)
    assert told[0] >= 0 and told[-1] == 1


def test_the_labels_alone_fill_the_bar_where_the_pool_is_not_used(tiny):
    told: list[float] = []
    (only,) = run(tiny, multi_label=True, on_progress=lambda p: told.append(p.done))
    assert max(told) > 0.5
    assert only.reading[1] == 1.0


def test_the_encoder_is_adapted_to_the_pool_where_the_recipe_says_so(tiny):
    told: list[Progress] = []
    config = replace(SMALL, adapt=AdaptConfig(steps=2, batch=8))
    first, second = run(tiny, config=config, on_progress=told.append)
    plain = run(tiny)
    assert first.encoder.sha256 != plain[0].encoder.sha256 and second.encoder.sha256 != plain[1].encoder.sha256
    assert {p.done for p in told if p.stage == "adapting"} == {0.0}
    again = run(tiny, config=config, first=first.encoder)  # as after an interruption: students begin from it too
    assert again[1].encoder.sha256 == second.encoder.sha256


def test_the_labels_alone_teach_where_the_recipe_leaves_the_pool_out_of_the_teaching(tiny):
    whole = run(tiny)
    (only,) = run(tiny, config=replace(SMALL, use_pool=False))
    assert only.facts["pool"] == "The pool was not used: the recipe leaves it out."
    assert only.encoder.sha256 == whole[0].encoder.sha256 and only.reading[1] == 1.0


@pytest.mark.parametrize("part", ["pairs", "fine_tuning"])
def test_a_switch_of_a_part_reaches_it(tiny, part):
    """The rate of the pairs makes another teacher; that of the fine-tuning only other students."""
    changed = replace(SMALL, **{part: replace(getattr(SMALL, part), lr=1e-5)})
    (first, second), (teacher, student) = run(tiny), run(tiny, config=changed)
    assert (teacher.encoder.sha256 != first.encoder.sha256) == (part == "pairs")
    assert student.encoder.sha256 != second.encoder.sha256


def test_an_interrupted_run_goes_on_from_its_first_stage(tiny):
    whole = run(tiny)
    told: list[Stage] = []
    first, second = run(tiny, first=whole[0].encoder, on_stage=told.append)
    assert [stage.name for stage in told] == ["pool"]
    assert first.encoder is whole[0].encoder
    assert second.encoder.sha256 == whole[1].encoder.sha256


def test_what_the_first_stage_was_told_with_goes_with_an_interrupted_run(tiny):
    whole = run(tiny, ask_labels="first")
    again = run(tiny, ask_labels="first", first=whole[0].encoder, first_facts=whole[0].facts)
    assert [stage.facts for stage in again] == [stage.facts for stage in whole]
    assert again[1].encoder.sha256 == whole[1].encoder.sha256


def test_the_encoder_as_it_came_is_heard_about_the_pool_where_the_labels_at_hand_say_so(tiny, monkeypatch):
    heard: list[SecondOpinion | None] = []

    def learn(task, config, lesson, sizes):
        heard.append(lesson.second)
        return learn_from_pool(task, config, lesson, sizes)

    monkeypatch.setattr("modelsvc.full_run.recipe.learn_from_pool", learn)
    told = {"halves_tuned_share": 0.5, "halves_temperature": 0.8}
    first, alone = run(tiny)
    again, together = run(tiny, first_facts=told)  # as one that is repeated from its record
    assert heard[0] is None and heard[1] is not None
    assert (heard[1].tuned_share, heard[1].temperature, heard[1].frozen.shape) == (0.5, 0.8, (len(POOL), 2))
    assert again.encoder.sha256 == first.encoder.sha256 and together.encoder.sha256 != alone.encoder.sha256
    assert run(tiny, first=first.encoder, first_facts=told)[1].encoder.sha256 == together.encoder.sha256


def test_what_the_encoder_as_it_came_says_is_not_read_again_where_the_caller_knows_it(tiny):
    came, asked = Encoder.load(tiny), list[str]()

    def known(texts, told):
        asked.extend(texts)
        return came.encode(texts, on_progress=told)

    options = {"ask_labels": "first", "label_texts": [("Ours",), ("Yours",)]}
    plain = run(tiny, **options)
    told = run(tiny, known=known, **options)
    assert {"Ours", "Yours"} < set(asked) and set(TEXTS) < set(asked) and set(POOL) < set(asked)
    assert [stage.facts for stage in told] == [stage.facts for stage in plain]
    assert told[1].encoder.sha256 == plain[1].encoder.sha256

    def nothing(texts, told):
        pytest.fail("asked about an encoder that was adapted")

    run(tiny, known=nothing, config=replace(SMALL, adapt=AdaptConfig(steps=2, batch=8)), **options)


def test_the_pool_is_not_used_where_the_labels_at_hand_speak_against_tuning(tiny):
    first = run(tiny)[0].encoder
    facts = dict(zip(FACTS, (3.0, 14.0, 0.01), strict=True)) | {LABELS: 32}
    (only,) = run(tiny, first=first, first_facts=facts)
    assert only.facts["pool"].endswith("tuned ones had 3 right and a head over the encoder as it came 14.")
    assert only.reading[1] == 1.0, "nothing follows, so reading the pool fills the bar"
    assert len(run(tiny, first=first, first_facts=facts | {FACTS[2]: 0.25})) == 2


def test_embeddings_made_by_the_caller_are_used(tiny):
    asked: list[str] = []

    def on_stage(stage: Stage):
        asked.append(stage.name)
        return np.tile(np.eye(8, dtype=np.float32)[:2], (len(POOL) // 2, 1))

    assert [stage.name for stage in run(tiny, on_stage=on_stage)] == ["labels", "pool"]
    assert asked == ["labels", "pool"]


def test_the_labels_at_hand_are_asked_what_they_think_of_tuning(tiny):
    first, second = run(tiny, ask_labels="first")
    for stage in (first, second):
        right, frozen, p = (stage.facts[name] for name in FACTS)
        assert 0 <= right <= len(TEXTS) and 0 <= frozen <= len(TEXTS) and 0 <= p <= 1
    plain = run(tiny)
    assert plain[0].encoder.sha256 == first.encoder.sha256
    heard = first.facts["halves_tuned_share"] < 1  # what is said of the pool follows from that, and nothing else
    assert (plain[1].encoder.sha256 != second.encoder.sha256) == heard
    assert not set(FACTS) & set(plain[0].facts)


class TestLabelsAskedThen:
    """Where an audit tells about the first stage, it serves before the labels at hand are asked about the second."""

    def test_tell_the_second_stage_what_they_tell_where_they_are_asked_first(self, tiny):
        told: list[Stage] = []
        first, second = run(tiny, ask_labels="then", on_stage=told.append)
        asked_first = run(tiny, ask_labels="first")
        assert not set(FACTS) & set(told[0].facts)
        assert [stage.facts for stage in (first, second)] == [stage.facts for stage in asked_first]
        assert second.encoder.sha256 == asked_first[1].encoder.sha256

    def test_end_no_run_for_who_serves_is_the_audits_to_say(self, tiny, monkeypatch):
        against = dict(zip(FACTS, (3.0, 14.0, 0.01), strict=True)) | {LABELS: 32}
        monkeypatch.setattr("modelsvc.full_run.halves.facts_of", lambda *_, **__: against)
        found = run(tiny, ask_labels="then")
        assert [stage.name for stage in found] == ["labels", "pool"]
        again = run(tiny, ask_labels="then", first_facts=against)  # as one that is repeated from its record
        assert again[1].encoder.sha256 == found[1].encoder.sha256
        (only,) = run(tiny, ask_labels="first")
        assert only.name == "labels"

    def test_are_asked_again_by_a_run_that_goes_on_and_give_the_same(self, tiny):
        whole = run(tiny, ask_labels="then")
        again = run(tiny, ask_labels="then", first=whole[0].encoder)
        assert again[1].facts == whole[1].facts
        assert again[1].encoder.sha256 == whole[1].encoder.sha256

    def test_keep_the_bar_from_going_back(self, tiny):
        told: list[float] = []
        run(
            tiny,
            ask_labels="then",
            on_stage=lambda stage: told.extend(stage.reading),
            on_progress=lambda p: told.append(p.done),
        )
        assert told == sorted(told)

    def test_are_not_asked_where_the_pool_cannot_teach(self, tiny):
        (only,) = run(tiny, ask_labels="then", pool_texts=POOL[:20])
        assert not set(FACTS) & set(only.facts)


def test_with_several_labels_they_are_asked_by_the_order_of_the_texts(tiny):
    told: list[float] = []
    (only,) = run(tiny, multi_label=True, ask_labels="first", on_progress=lambda p: told.append(p.done))
    assert {*RANKED} <= set(only.facts) and FACTS[0] not in only.facts
    assert told == sorted(told)
    assert only.encoder.sha256 == run(tiny, multi_label=True)[0].encoder.sha256


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"pool_texts": POOL[:20]}, "20 unlabelled texts are too few"),
        ({"texts": TEXTS[:8], "Y": Y[:8]}, "8 labels cannot tell"),
        ({"multi_label": True}, "several labels a text"),
        ({"config": RecipeConfig(least_right=1.01)}, "101% are needed"),
    ],
)
def test_without_enough_trust_the_model_from_the_labels_stands_and_says_why(tiny, changes, why):
    (only,) = run(tiny, **changes)
    assert only.name == "labels"
    assert why in only.facts["pool"]


def test_the_same_seed_gives_the_same_encoders(tiny):
    first, second = (run(tiny, seed=3)[-1].encoder.sha256 for _ in range(2))
    assert first == second != run(tiny, seed=4)[-1].encoder.sha256


def test_cancelling_ends_it(tiny):
    def cancel(progress: Progress) -> None:
        if progress.done > 0.4:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        run(tiny, on_progress=cancel)


def test_every_reading_of_texts_can_be_stopped(tiny, monkeypatch):
    reports: list[int] = []
    encode = Encoder.encode

    def counted(self, texts, *, on_progress=None, **rest):
        assert on_progress is not None, f"{len(texts)} texts are read, and a cancel waits for all of them"
        before = len(told)
        found = encode(self, texts, on_progress=on_progress, **rest)
        reports.append(len(told) - before)
        return found

    told: list[Progress] = []
    monkeypatch.setattr(Encoder, "encode", counted)
    run(tiny, on_progress=told.append)
    assert len(reports) >= 6 and min(reports) >= 1


@pytest.mark.parametrize(
    ("labels", "kinds", "multi", "method"),
    [(32, 6, False, "contrastive"), (525, 6, False, "plain"), (64, 60, False, "plain"), (32, 6, True, "plain")],
)
def test_the_teacher_follows_from_the_number_of_labels_and_kinds(labels, kinds, multi, method):
    targets = np.eye(kinds, dtype=np.uint8)[np.arange(labels) % kinds]
    assert teacher_for(RecipeConfig(), targets, multi_label=multi)[0] == method


@pytest.mark.parametrize(
    ("tokens", "pool", "sizes"), [(13, 10_000, [2000, 2000]), (13, 1000, [500, 500]), (100, 10_000, [344, 344])]
)
def test_long_texts_and_small_pools_give_fewer_pseudo_labels(tokens, pool, sizes):
    assert rounds(RecipeConfig(), labels_shown=256, tokens_a_text=tokens, pool=pool) == sizes
