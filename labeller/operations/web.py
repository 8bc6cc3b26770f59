"""The web server: `python -m labeller.operations.web 127.0.0.1:8000`.

One process, so that SQLite's readers share one page cache and memory stays small; four threads: a request computes
more than it waits, and with eight of them on one core the slowest of eight annotators waited half as long again.
"""

from __future__ import annotations

import gc
import os
import sys
from typing import Any

from gunicorn.app.base import BaseApplication

from labeller.operations import lifeline

OPTIONS: dict[str, Any] = {
    "worker_class": "gthread",
    "workers": 1,
    "threads": 4,
    "timeout": 120,  # a slow upload must not be taken for a hung worker
    "graceful_timeout": 5,  # less than the supervisor's patience
    "keepalive": 5,
    "loglevel": "warning",
    "proc_name": "labeller-web",
    "control_socket_disable": True,
}


def settle(_worker: object) -> None:
    """What is loaded now stays: the collector need not look through it again, which cost the slowest requests most."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


class Web(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    def __init__(self, bind: str) -> None:
        self.bind = bind
        super().__init__()

    def load_config(self) -> None:
        for name, value in {**OPTIONS, "bind": self.bind, "post_worker_init": settle}.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        from labeller.wsgi import application

        return application


def main(bind: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "labeller.settings")
    lifeline.end_with_parent()
    Web(bind).run()


if __name__ == "__main__":
    main(sys.argv[1])
