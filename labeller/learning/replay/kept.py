"""A play that is kept at each of its points, so that it goes on from there when it was stopped, or when more labels are
wanted. Inside the replay's own process and house."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from labeller.learning.measured_on import made_by
from labeller.learning.replay.wish import Wish, as_told, kept_points


class Keeper:
    """Keeps the house under `wish.keep`, and the points that led to it, each with what made it."""

    def __init__(self, wish: Wish) -> None:
        assert wish.keep
        self.wish, self.folder, self.by = wish, Path(wish.keep), made_by()  # before more of the code is read
        self.points = kept_points(wish)

    def keep(self, point: dict[str, Any]) -> dict[str, Any]:
        """The point with its maker. Nothing may be at work in the house meanwhile."""
        self.points.append(point | {"made_by": self.by})
        making = self.folder.with_name(f"{self.folder.name}-in-the-making")
        shutil.rmtree(making, ignore_errors=True)
        database = Path(settings.DATABASES["default"]["NAME"])
        shutil.copytree(settings.HOME, making / "house", ignore=shutil.ignore_patterns(f"{database.name}*"))
        connection.ensure_connection()
        # Not the file: what was written last may stand in the log beside it.
        with closing(sqlite3.connect(making / "house" / database.name)) as copy:
            connection.connection.backup(copy)
        told = {"wish": as_told(self.wish), "points": self.points}
        (making / "points.json").write_text(json.dumps(told), encoding="utf-8")
        shutil.rmtree(self.folder, ignore_errors=True)
        making.rename(self.folder)
        return self.points[-1]
