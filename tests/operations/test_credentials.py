from __future__ import annotations

import stat
from pathlib import Path

from labeller.operations import credentials


def test_passwords_differ_and_are_long_and_easy_to_type():
    made = {credentials.new_password() for _ in range(50)}
    assert len(made) == 50
    for password in made:
        assert [len(part) for part in password.split("-")] == [4, 4, 4, 4]
        assert not set(password) & set("0O1lI")


def test_the_file_is_for_its_owner_only_even_when_it_replaces_a_looser_one(tmp_path: Path):
    (tmp_path / "home").mkdir()
    path = tmp_path / "home" / "credentials"
    path.write_text("old")
    path.chmod(0o644)
    credentials.save(path, {"manager": "aaaa-bbbb"})
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().splitlines()[1:] == ["manager aaaa-bbbb"]
    assert list(path.parent.iterdir()) == [path]
