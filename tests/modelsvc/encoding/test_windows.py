from __future__ import annotations

import numpy as np
import pytest
import torch

from modelsvc.encoding.encoder import Encoder
from modelsvc.encoding.windows import cut, encode_whole, pooled
from modelsvc.tuning.finetune import FineTuneConfig, fine_tune
from modelsvc.types import Progress

SHORT = "We may end your account."
LONG = " ".join(f"clause {number} holds" for number in range(60))  # 180 words, the encoder reads 64 tokens


@pytest.fixture(scope="module")
def encoder(tiny):
    return Encoder.load(tiny)


def test_windows_cover_a_long_text_overlap_and_end_as_texts_do(encoder):
    windows = cut(encoder, [SHORT, LONG], whole=True)
    ids = windows.tokens["input_ids"]
    assert windows.of[0] == [0]
    assert len(windows.of[1]) == 4
    assert all(column[0] == ids[0][0] and column[-1] == ids[0][-1] and len(column) <= 64 for column in ids)
    assert ids[1][-17:-1] == ids[2][1:17]  # a quarter of a short input; 32 of a longer one
    alone = encoder.tokenizer(LONG, add_special_tokens=False)["input_ids"]
    joined = ids[1][1:-1] + [token for window in windows.of[1][1:] for token in ids[window][17:-1]]
    assert joined == alone


def test_without_whole_a_text_is_cut_where_the_input_ends(encoder):
    windows = cut(encoder, [SHORT, LONG], whole=False)
    assert windows.of == [[0], [1]]
    assert windows.lengths(2)[1] == 64


def test_a_short_text_is_read_as_ever_and_a_long_one_to_its_end(encoder):
    other_end = LONG.rsplit(" ", 3)[0] + " quite another end"
    plain = encoder.encode([SHORT, LONG, other_end], precision="full")
    whole = encode_whole(encoder, [SHORT, LONG, other_end], precision="full")
    assert whole[0] == pytest.approx(plain[0], abs=1e-5)
    assert plain[1] == pytest.approx(plain[2], abs=1e-5)
    assert np.abs(whole[1] - whole[2]).max() > 1e-3
    assert np.linalg.norm(whole, axis=1) == pytest.approx(np.ones(3), abs=1e-5)


def test_the_order_of_texts_does_not_matter_and_progress_ends_at_one(encoder):
    told: list[Progress] = []
    forth = encode_whole(encoder, [SHORT, LONG], precision="full", on_progress=told.append)
    back = encode_whole(encoder, [LONG, SHORT], precision="full")
    assert forth == pytest.approx(back[::-1], abs=1e-5)
    assert told[-1].done == 1
    assert encode_whole(encoder, []).shape == (0, encoder.width)


def test_at_most_so_many_windows_of_a_text_are_learnt_from(encoder):
    windows = cut(encoder, [SHORT, LONG], whole=True)
    assert windows.lengths(2) == [len(windows.tokens["input_ids"][0]), 128]
    seen: list[int] = []
    unchanged = encoder.pooled

    def counting(batch):
        seen.append(len(batch["input_ids"]))
        return unchanged(batch)

    encoder.pooled = counting
    try:
        vectors = pooled(encoder, windows, [0, 1], most=2, rng=np.random.default_rng(0))
    finally:
        del encoder.pooled
    assert seen == [3]
    assert vectors.shape == (2, encoder.width)
    assert torch.linalg.norm(vectors, dim=1).tolist() == pytest.approx([1, 1], abs=1e-4)


def test_tuning_by_windows_learns_from_the_end_of_a_long_text(tiny):
    texts = [LONG + f" {end} {number}" for number in range(4) for end in ("yes", "no")]
    Y = np.eye(2, dtype=np.uint8)[np.arange(8) % 2]
    by_windows, cut_off = (
        fine_tune(tiny, texts, Y, multi_label=False, config=FineTuneConfig(epochs=4, windows=windows)).encoder
        for windows in (2, 1)
    )
    assert by_windows.sha256 != cut_off.sha256
