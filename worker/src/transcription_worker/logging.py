"""The service's own logs, on stderr: JSON where nobody watches, readable lines on a terminal.

The package itself logs through the standard library, under `transcription_worker`, with fields in
`extra`; only the service configures anything. Records never hold payloads: a processor removes
everything that could hold a transcript or a key, whatever a caller passes.
"""

import logging
import sys

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_NEVER_LOGGED = frozenset(
    {"api_key", "authorization", "body", "key", "result", "segments", "text", "ticket", "update"}
)
# These speak of every request at "info"; the client says the same with the job's name.
_CHATTY = ("httpx", "httpcore")


def configure_logging(level: str = "info", *, as_json: bool | None = None) -> None:
    """Sends every record of the process to stderr, those of uvicorn too, all in one form.

    `as_json` of `None`: JSON unless stderr is a terminal.
    """
    as_json = not sys.stderr.isatty() if as_json is None else as_json
    renderer: Processor = (
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer()
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.stdlib.ExtraAdder(),
                structlog.processors.TimeStamper(fmt="iso", utc=True, key="timestamp"),
                without_payloads,
                _add_part,
                structlog.processors.format_exc_info,
            ],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    logging.basicConfig(
        level=logging.getLevelNamesMapping()[level.upper()], handlers=[handler], force=True
    )
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)


def without_payloads(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Removes the fields whose names say that they hold a transcript or a key."""
    for name in _NEVER_LOGGED & event.keys():
        event[name] = "[removed]"
    return event


def _add_part(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    event["part"] = event["_record"].name.removeprefix("transcription_worker.")
    return event
