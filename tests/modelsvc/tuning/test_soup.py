from __future__ import annotations

import pytest
import torch

from modelsvc.encoding.encoder import Encoder
from modelsvc.tuning.soup import soup


def test_the_mean_of_weights_leaves_the_encoders_given_as_they_are(tiny):
    one, other = Encoder.load(tiny), Encoder.load(tiny)
    with torch.no_grad():
        for parameter in other.model.parameters():
            parameter += 2
    mean = soup([one, other])
    for a, b, c in zip(one.model.parameters(), mean.model.parameters(), other.model.parameters(), strict=True):
        assert torch.allclose(b, a + 1, atol=1e-5)
        assert torch.allclose(c, a + 2, atol=1e-5)
    assert mean.sha256 != one.sha256


def test_one_encoder_is_its_own_mean_and_none_is_refused(tiny):
    one = Encoder.load(tiny)
    assert soup([one]).sha256 == one.sha256
    with pytest.raises(ValueError, match="at least one"):
        soup([])
