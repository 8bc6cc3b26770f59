"""Rival a: random order, and fine-tuning as tutorials do it: one rate for all layers, AdamW, warm-up and decay."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer, get_linear_schedule_with_warmup

from benchmarks.rivals import Answers, Point, Rows, Task
from modelsvc.encoding.encoder import Encoder
from modelsvc.encoding.half_precision import gains
from modelsvc.heads.links import one_hot

RATE, EPOCHS, BATCH, LONGEST = 5e-5, 20, 16, 256
WARMUP, DECAY, CLIP = 0.1, 0.01, 1.0


def play(task: Task) -> Iterator[Point]:
    half = gains(Encoder.load(task.encoder_folder))  # where bfloat16 must be emulated it is many times slower
    for count in task.left:
        started = time.perf_counter()
        rows = task.random_rows(count)
        answers = _fine_tune(task, rows, half=half)
        yield Point(rows.tolist(), answers, time.perf_counter() - started)


def _fine_tune(task: Task, rows: Rows, *, half: bool) -> Answers:
    torch.manual_seed(task.seed)
    folder = str(task.encoder_folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    kind = "multi_label_classification" if task.multi_label else "single_label_classification"
    model = AutoModelForSequenceClassification.from_pretrained(
        folder, num_labels=task.Y.shape[1], problem_type=kind, ignore_mismatched_sizes=True
    )
    optimiser = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=DECAY)
    steps = EPOCHS * -(-len(rows) // BATCH)
    schedule = get_linear_schedule_with_warmup(optimiser, int(WARMUP * steps), steps)
    model.train()
    for _ in range(EPOCHS):
        order = np.random.default_rng(int(torch.randint(1 << 31, (1,)))).permutation(rows)
        for batch in np.array_split(order, -(-len(order) // BATCH)):
            with torch.autocast("cpu", torch.bfloat16, enabled=half):
                loss = model(**_tokens(tokenizer, task.train_texts, batch), labels=_targets(task, batch)).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP)
            optimiser.step()
            schedule.step()
            optimiser.zero_grad()
    return _answers(task, model.eval(), tokenizer, half=half)


def _targets(task: Task, rows: Rows) -> torch.Tensor:
    Y = torch.from_numpy(task.Y[rows])
    return Y.float() if task.multi_label else Y.argmax(dim=1)


def _tokens(tokenizer: Any, texts: list[str], rows: Rows) -> dict[str, torch.Tensor]:
    chosen = [texts[row] for row in rows]
    return dict(tokenizer(chosen, truncation=True, max_length=LONGEST, padding=True, return_tensors="pt"))


def _answers(task: Task, model: Any, tokenizer: Any, *, half: bool) -> Answers:
    order = np.argsort([len(text) for text in task.test_texts])
    answers = np.zeros(task.test_Y.shape, np.uint8)
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=half):
        for part in np.array_split(order, -(-len(order) // 64)):
            logits = model(**_tokens(tokenizer, task.test_texts, part)).logits.float()
            several = (logits > 0).numpy().astype(np.uint8)
            answers[part] = several if task.multi_label else one_hot(logits.argmax(1).numpy(), task.Y.shape[1])
    return answers
