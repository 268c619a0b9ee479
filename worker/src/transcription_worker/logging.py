"""Structured logs on stderr: JSON where nobody watches, readable lines on a terminal.

Records carry fields (`event`, `job_id`, `sequence`, …), never payloads: a processor removes
everything that could hold a transcript or a key, whatever a caller passes.
"""

import logging
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

_NEVER_LOGGED = frozenset(
    {"api_key", "authorization", "body", "key", "result", "segments", "text", "ticket", "update"}
)
# These speak of every request at "info"; the client says the same with the job's name.
_CHATTY = ("httpx", "httpcore")


def get_logger(name: str) -> FilteringBoundLogger:
    """A logger whose records say which part they come from.

    Where the program has not configured structlog, it is configured as `configure_logging` does.
    """
    if not structlog.is_configured():
        _configure_structlog(logging.INFO, as_json=not sys.stderr.isatty())
    logger: FilteringBoundLogger = structlog.get_logger(part=name)
    return logger


def configure_logging(level: str = "info", *, as_json: bool | None = None) -> None:
    """Sets up structlog and the standard library's logging, so that uvicorn's lines look the same.

    `as_json` of `None`: JSON unless stderr is a terminal.
    """
    number = logging.getLevelNamesMapping()[level.upper()]
    as_json = not sys.stderr.isatty() if as_json is None else as_json
    _configure_structlog(number, as_json=as_json)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_add_stdlib_name, *_shared()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _renderer(as_json=as_json),
            ],
        )
    )
    logging.basicConfig(level=number, handlers=[handler], force=True)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def _configure_structlog(level: int, *, as_json: bool) -> None:
    structlog.configure(
        processors=[*_shared(), _renderer(as_json=as_json)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="timestamp"),
        without_payloads,
        structlog.processors.format_exc_info,
    ]


def _renderer(*, as_json: bool) -> Processor:
    return structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer()


def without_payloads(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Removes the fields whose names say that they hold a transcript or a key."""
    for name in _NEVER_LOGGED & event.keys():
        event[name] = "[removed]"
    return event


def _add_stdlib_name(_logger: Any, _method: str, event: EventDict) -> EventDict:
    record = event.get("_record")
    if record is not None:
        event["part"] = record.name
    return event
