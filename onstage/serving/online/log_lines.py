"""Logs as lines of JSON."""

import json
import logging
import sys
from datetime import UTC, datetime

from typing_extensions import override


class JsonLines(logging.Formatter):
    """One object a line: time, level, logger, message, and the facts that came with it."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        value = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "facts", {}),
        }
        if record.exc_info:
            value["trace"] = self.formatException(record.exc_info)
        return json.dumps(value, default=str)


def log_as_json(level: int = logging.INFO) -> None:
    """Make this process log lines of JSON to stderr, and nothing else there."""
    stream = logging.StreamHandler(sys.stderr)
    stream.setFormatter(JsonLines())
    logging.basicConfig(handlers=[stream], level=logging.WARNING, force=True)
    for name in ("onstage", "flows"):
        logging.getLogger(name).setLevel(level)
    logging.captureWarnings(capture=True)
