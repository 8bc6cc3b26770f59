"""Where weights, embeddings and zips lie, below settings.ARTIFACTS: the one module that knows the tree.

<project id>/embeddings/<encoder or version number>/    one store for each encoder that has read the pool
<project id>/test/<test set>/<encoder or version>/        what they have read of the test file
<project id>/answers.npz                                 what the newest quick model says of every text
<project id>/names/<digest>.safetensors                  what labels were called when versions learnt of it
<project id>/words/                                      the words of the pool, where a head reads them
<project id>/versions/<number>/                          head.safetensors, meta.json, encoder/ (full),
                                                         vocabulary.json where its head reads words
<project id>/work/<key>/                                 what is being made; renamed when it is whole
<project id>/exports/<key>.zip
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

from django.conf import settings

KEY_LENGTH = 36  # of a UUID


def project_folder(project_id: int) -> Path:
    return Path(settings.ARTIFACTS) / str(project_id)


def embeddings_folder(project_id: int, reader: str) -> Path:
    """`reader`: the key of an encoder of the owner's list, or the number of a full version."""
    return project_folder(project_id) / "embeddings" / _as_name(reader)


def test_embeddings_folder(project_id: int, test_set_id: int, reader: str) -> Path:
    """What an encoder (`reader` as above) has read of a test set."""
    return _test_set_folder(project_id, test_set_id) / _as_name(reader)


def forget_test_set(project_id: int, test_set_id: int, *, but: str | None = None) -> None:
    """Remove what encoders have read of it, but for this reader's."""
    kept = _as_name(but) if but else ""
    for folder in _test_set_folder(project_id, test_set_id).glob("*"):
        if folder.name != kept:
            shutil.rmtree(folder, ignore_errors=True)


def _test_set_folder(project_id: int, test_set_id: int) -> Path:
    return project_folder(project_id) / "test" / str(test_set_id)


def _as_name(reader: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "_", reader)


def words_folder(project_id: int) -> Path:
    return project_folder(project_id) / "words"


def names_path(project_id: int, digest: str) -> Path:
    """What labels were called, as an encoder read it; of all versions that it taught."""
    return project_folder(project_id) / "names" / f"{digest}.safetensors"


def pool_answers_path(project_id: int) -> Path:
    return project_folder(project_id) / "answers.npz"


def version_folder(project_id: int, number: int) -> Path:
    return project_folder(project_id) / "versions" / str(number)


def export_path(project_id: int, key: object) -> Path:
    return project_folder(project_id) / "exports" / f"{key}.zip"


def fresh_work_folder(project_id: int, key: object) -> Path:
    """An empty folder for this piece of work; what a killed process left under the same key is removed."""
    folder = project_folder(project_id) / "work" / str(key)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def discard_work(project_id: int, key: object) -> None:
    """What was being made under this key, and its embeddings set aside beside it, is not wanted any more."""
    for folder in (project_folder(project_id) / "work").glob(f"{key}*"):
        shutil.rmtree(folder, ignore_errors=True)


def forgotten_work(*, unfinished: set[str], before: float) -> list[tuple[int, str]]:
    """(project id, key) of what was being made when a process was killed: untouched since `before` (seconds since the
    epoch), and of no `unfinished` key."""
    return [
        (int(folder.parent.parent.name), folder.name)
        for folder in Path(settings.ARTIFACTS).glob("[0-9]*/work/*")
        if folder.name[:KEY_LENGTH] not in unfinished and folder.stat().st_mtime < before
    ]


def highest_version_folder(project_id: int) -> int:
    """The highest number a version folder has, 0 without any. A folder whose row was never written keeps its number."""
    versions = project_folder(project_id) / "versions"
    return max((int(path.name) for path in versions.glob("[0-9]*") if path.name.isdigit()), default=0)


def size(path: Path) -> int:
    """Bytes of a file, or of all files below a folder; 0 where there is none."""
    files = [path] if path.is_file() else path.rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file())


def relative(path: Path) -> str:
    return str(path.relative_to(settings.ARTIFACTS))


def absolute(name: str) -> Path:
    return Path(settings.ARTIFACTS) / name


def write_json(path: Path, content: object) -> None:
    """Written under another name first: a reader sees the old file or the whole new one."""
    staging = path.with_name(f".{path.name}.writing")
    staging.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    staging.replace(path)


def read_json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
