"""Log lines: readable in a terminal, or one JSON object each for a collector. Ours and the libraries' alike."""

from __future__ import annotations

import logging
from typing import Any

import structlog

LEVELS = ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]
_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


class OneLine(logging.Filter):
    """Leaves out the traceback, where the message says it all."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.exc_info = record.exc_text = None
        return True


def configuration(*, level: str, as_json: bool) -> dict[str, Any]:
    """Sets structlog up and gives Django its LOGGING."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    # Without local variables: these hold people's texts and passwords.
    frames = structlog.processors.ExceptionRenderer(structlog.tracebacks.ExceptionDictTransformer(show_locals=False))
    rendered: list[Any] = (
        [frames, structlog.processors.JSONRenderer()]
        if as_json
        else [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)]
    )
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "lines": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _SHARED,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendered],
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["console"], "level": level},
        "filters": {"one_line": {"()": OneLine}},
        "loggers": {
            "django.request": {"level": "ERROR"},  # a request for a page that is not there is no news
            # By a name that LABELLER_HOSTS does not list. Scanners do it all day long.
            "django.security.DisallowedHost": {"level": "ERROR", "filters": ["one_line"]},
        },
    }
