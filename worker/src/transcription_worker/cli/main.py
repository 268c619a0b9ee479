"""The command's entry: one module of this package for each subcommand."""

import argparse
import importlib.metadata
import sys

from ..errors import ConfigurationError, StorageError
from . import outbox, serve

# Each adds its own parser, whose `run` gives the exit status.
_COMMANDS = (serve, outbox)


def main(arguments: list[str] | None = None) -> int:
    """Runs `transcription-worker`; its exit status is 2 where settings or files are wrong."""
    parser = argparse.ArgumentParser(prog="transcription-worker", description=__doc__)
    parser.description = "Transcribes audio and keeps jobs on Convex in step."
    parser.add_argument(
        "--version", action="version", version=importlib.metadata.version("transcription-worker")
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in _COMMANDS:
        command.add_parser(commands)
    options = parser.parse_args(arguments)
    try:
        status: int = options.run(options)
    except (ConfigurationError, StorageError) as error:
        for line in str(error).splitlines():
            print(f"transcription-worker: {line}", file=sys.stderr)
        return 2
    return status
