from __future__ import annotations

import numpy as np
import pytest
import torch

from modelsvc import encoder as encoder_module
from modelsvc import int8
from modelsvc.encoder import Encoder
from modelsvc.int8 import Int8Linear
from modelsvc.packed import PackedBert, pack

TEXTS = ["The courts of Berlin decide.", "hm", "We may change these terms at any time. " * 4, "Add salt, and stir."]

needs_vnni = pytest.mark.skipif(not int8.available(), reason="this CPU has no VNNI, for which int8 is meant")


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch, bundled: Encoder) -> None:
    monkeypatch.setattr(int8, "LEAST_TEXTS", 4)
    monkeypatch.setattr(int8, "LEAST_COSINE", 0.99)
    monkeypatch.setitem(encoder_module._bf16_gains, bundled.width, True)


def kinds_of(packed: PackedBert) -> list[type]:
    layer = packed.layers[0]
    return [type(part) for part in (layer.attention_in, layer.attention_out, layer.wide)]


@needs_vnni
def test_int8_points_the_same_way_and_is_not_the_same(bundled, many):
    quick, full = bundled.encode(TEXTS, precision="int8"), bundled.encode(TEXTS, precision="full")
    assert (quick * full).sum(1).min() > 0.995
    assert (quick * full).sum(1).mean() > 0.998, "short texts suffer most"
    assert not np.array_equal(quick, bundled.encode(TEXTS))


@needs_vnni
def test_a_token_is_computed_alike_whatever_lies_beside_it(bundled):
    linear = int8._int8(pack(bundled.model).layers[0].wide, torch.ones(384))
    x = torch.randn(6, 384, generator=torch.Generator().manual_seed(0)).bfloat16()
    beside_a_giant = torch.cat([x, 1000 * x[:1]])
    assert torch.equal(linear(x), linear(beside_a_giant)[:6])


@needs_vnni
def test_where_it_does_not_hold_it_is_not_used(bundled, many, monkeypatch):
    monkeypatch.setattr(int8, "LEAST_COSINE", 1.1)
    assert np.array_equal(bundled.encode(TEXTS, precision="int8"), bundled.encode(TEXTS))


def test_few_texts_are_read_without_it(bundled, monkeypatch):
    monkeypatch.setitem(encoder_module._bf16_gains, bundled.width, True)
    monkeypatch.setattr(encoder_module.int8, "in_int8", lambda *_: pytest.fail("int8 for four texts"))
    assert np.array_equal(bundled.encode(TEXTS, precision="int8"), bundled.encode(TEXTS))


def test_a_cpu_that_cannot_reads_without_it(bundled, many, monkeypatch):
    monkeypatch.setattr(int8, "available", lambda: False)
    assert np.array_equal(bundled.encode(TEXTS, precision="int8"), bundled.encode(TEXTS))


@needs_vnni
def test_only_three_of_four_products_change_and_the_encoder_stays_as_it_was(bundled):
    plain = pack(bundled.model)
    batch = bundled.pad(bundled.tokenize(TEXTS), range(4))
    quick = int8.in_int8(plain, batch["input_ids"], batch["attention_mask"])
    assert kinds_of(quick) == [Int8Linear] * 3
    assert Int8Linear not in kinds_of(plain)
    assert all(layer.narrow is before.narrow for layer, before in zip(quick.layers, plain.layers, strict=True))
