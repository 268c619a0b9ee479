"""What the package logs, as one dict a record."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_STANDARD = frozenset(vars(logging.makeLogRecord({})))


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.logs: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        extra = {key: value for key, value in vars(record).items() if key not in _STANDARD}
        level = record.levelname.lower()
        self.logs.append({"event": record.getMessage(), "log_level": level} | extra)


@contextmanager
def capture_logs() -> Iterator[list[dict[str, Any]]]:
    """The records of `transcription_worker` while the block runs, those at DEBUG too."""
    logger, collector = logging.getLogger("transcription_worker"), _Collector()
    level = logger.level
    logger.addHandler(collector)
    logger.setLevel(logging.DEBUG)
    try:
        yield collector.logs
    finally:
        logger.removeHandler(collector)
        logger.setLevel(level)
