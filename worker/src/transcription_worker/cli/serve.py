"""`transcription-worker serve`: the whole service, until it is stopped."""

import argparse
import asyncio

from ..extras import require_extra
from ..settings import load_settings
from .settings_help import settings_help


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `serve`; what is not given comes from the environment or `.env`."""
    parser = commands.add_parser(
        "serve",
        help="take uploads, transcribe them, report to Convex",
        description="Takes uploads over HTTP, transcribes them and reports to Convex.",
        epilog=settings_help(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--host", help="the address to listen on (default: WORKER_HOST)")
    parser.add_argument("--port", type=int, help="the port to listen on (default: WORKER_PORT)")
    parser.add_argument("--data-dir", help="the worker's directory (default: DATA_DIR)")
    parser.set_defaults(run=_run)


def _run(options: argparse.Namespace) -> int:
    require_extra("server")
    # Only here: the other commands need neither a web server nor a speech engine.
    from ..logging import configure_logging
    from ..service import serve

    settings = load_settings(host=options.host, port=options.port, data_dir=options.data_dir)
    configure_logging(settings.log_level)
    asyncio.run(serve(settings))
    return 0
