"""`transcription-worker serve`: the whole service, until it is stopped."""

import argparse
import asyncio

from ..logging import configure_logging
from ..settings import load_settings


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `serve`; what is not given comes from the environment or `.env`."""
    parser = commands.add_parser(
        "serve",
        help="take uploads, transcribe them, report to Convex",
        description="Takes uploads over HTTP, transcribes them and reports to Convex.",
    )
    parser.add_argument("--host", help="the address to listen on (default: WORKER_HOST)")
    parser.add_argument("--port", type=int, help="the port to listen on (default: WORKER_PORT)")
    parser.add_argument("--data-dir", help="the worker's directory (default: DATA_DIR)")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    # Only here: the other commands need neither a web server nor a speech engine.
    from ..service import serve

    settings = load_settings(host=options.host, port=options.port, data_dir=options.data_dir)
    configure_logging(settings.log_level)
    asyncio.run(serve(settings))
    return 0
