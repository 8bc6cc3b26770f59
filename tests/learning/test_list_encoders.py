"""python manage.py list_encoders: what an owner sees of the list, and what is wrong with it."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings


def test_an_encoder_is_described_in_a_line():
    out = StringIO()
    call_command("list_encoders", stdout=out)
    assert out.getvalue() == ("all-MiniLM-L6-v2: bert, 22.7 million parameters, width 384, mean pooling, 256 tokens\n")


def test_one_that_cannot_be_read_ends_with_2_and_its_reason(settings: Settings):
    settings.ENCODERS = settings.ENCODERS | {"gone": "/srv/gone"}
    out = StringIO()
    with pytest.raises(CommandError, match=r"gone cannot be read. Mend or remove") as caught:
        call_command("list_encoders", "--json", stdout=out)
    assert caught.value.returncode == 2
    good, bad = json.loads(out.getvalue())["encoders"]
    assert (good["key"], good["problem"], good["width"]) == ("all-MiniLM-L6-v2", "", 384)
    assert (bad["key"], bad["problem"]) == ("gone", "There is no encoder folder '/srv/gone'.")
