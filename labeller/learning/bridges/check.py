"""The encoder check: every encoder of the owner's list reads the labelled texts, and nothing else, and a quick head
over each is cross-validated on them. What comes out is a proposal with its evidence, never a switch."""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import numpy as np
from django.conf import settings
from django.db import transaction
from numpy.typing import NDArray

from labeller.annotation.models import Annotation, Source
from labeller.learning.bridges.names import label_texts, names_teach
from labeller.learning.bridges.pool import Ids, Labelled, labelled, pretrained_folder, texts_of
from labeller.learning.bridges.sample import sample
from labeller.learning.bridges.words import words_of
from labeller.learning.models import EncoderCheck, TrainingRun
from labeller.learning.runs import Heartbeat
from modelsvc.encoding.encoder import Encoder, EncoderError
from modelsvc.evaluation.encoder_choice import EncoderChoice, choose_encoder
from modelsvc.heads.prototypes import Prototypes
from modelsvc.querying.strategies import AT_RANDOM
from modelsvc.types import Embeddings, OnProgress, Progress

MOST_TEXTS = 500  # labelled texts that are read: seconds for each encoder


class NothingToCompare(Exception):
    """Fewer than two encoders could be read; the sentence says what is wrong with the others."""


def check_encoders(run: TrainingRun, beat: Heartbeat) -> None:
    """Compare the encoders of the owner's list on the project's labels and store what came out."""
    everything = labelled(run.project)
    labels = everything.only(sample(everything, size=MOST_TEXTS, seed=run.project.seed))
    texts = texts_of(labels.document_ids)
    embeddings, names, speeds, failed = _read(run, labels, texts, beat)
    choice = choose_encoder(
        embeddings,
        labels.Y,
        current=run.project.encoder,
        multi_label=run.project.is_multi,
        seed=run.project.seed,
        scored=~_chosen_by_a_model(run, labels.document_ids),
        names=names,
        words=words_of(run.project, texts),
        look=partial(beat.tell, "comparing", 0.99),
    )
    beat.check()
    with transaction.atomic():
        EncoderCheck.objects.create(
            project=run.project,
            run=run,
            current=choice.current,
            proposed=choice.proposed or "",
            n_labels=len(everything.Y),
            result=_result(choice, speeds, failed),
        )
        beat.finish(stage="", log=[{"texts": len(labels.Y), "encoders": sorted(embeddings)}])


def _read(
    run: TrainingRun, labels: Labelled, texts: list[str], beat: Heartbeat
) -> tuple[dict[str, Embeddings], dict[str, Prototypes | None], dict[str, float], dict[str, str]]:
    """(embeddings, the labels' names where they teach, texts a second, why it could not be read), each by the encoder's
    key. Raises EncoderError for the project's own encoder, NothingToCompare when no other one can be read."""
    called = label_texts(run.project, labels.label_ids) if names_teach(run.project) else []
    embeddings: dict[str, Embeddings] = {}
    names: dict[str, Prototypes | None] = {}
    speeds: dict[str, float] = {}
    failed: dict[str, str] = {}
    for at, key in enumerate(settings.ENCODERS):
        beat.tell(f"loading {key}", at / len(settings.ENCODERS))
        try:
            encoder = Encoder.load(pretrained_folder(key), threads=settings.TRAINING_THREADS)
        except EncoderError as error:
            if key == run.project.encoder:
                raise
            failed[key] = str(error)
            continue
        encoder.encode(texts[:1])  # what is measured once a process is not part of the speed
        started = time.perf_counter()
        embeddings[key] = encoder.encode(texts, on_progress=_told(beat, key, at))
        speeds[key] = round(len(texts) / (time.perf_counter() - started), 1)
        names[key] = Prototypes.read(called, partial(encoder.encode, on_progress=_standing(beat, key, at + 1)))
    if len(embeddings) < 2:
        raise NothingToCompare("No other language model could be read. " + " ".join(failed.values()))
    return embeddings, names, speeds, failed


def _chosen_by_a_model(run: TrainingRun, document_ids: Ids) -> NDArray[np.bool_]:
    """(n,) which of these texts somebody was asked about because a model found them hard. Texts drawn at random, asked
    before there was a model, found by search or imported are none of them."""
    asked = Annotation.objects.filter(
        project=run.project, superseded_at=None, source__in=[Source.ACTIVE, Source.REVIEW]
    )
    ids = asked.exclude(model_key="").exclude(reason=AT_RANDOM).values_list("document_id", flat=True)
    return np.isin(document_ids, np.fromiter(ids, np.int64))


def _told(beat: Heartbeat, key: str, at: int) -> OnProgress:
    def on_progress(progress: Progress) -> None:
        beat.tell(f"reading with {key}", (at + progress.done) / len(settings.ENCODERS))

    return on_progress


def _standing(beat: Heartbeat, key: str, at: int) -> OnProgress:
    """For names, which are read after the texts: the bar stays where it is."""
    return lambda _: beat.tell(f"reading with {key}", at / len(settings.ENCODERS))


def _result(choice: EncoderChoice, speeds: dict[str, float], failed: dict[str, str]) -> dict[str, Any]:
    """What is stored: the comparison, how fast each encoder read, and those that could not be read with the reason."""
    content = choice.to_dict()
    for score in content["scores"]:
        score["texts_per_second"] = speeds[score["encoder"]]
    return content | {"failed": failed}
