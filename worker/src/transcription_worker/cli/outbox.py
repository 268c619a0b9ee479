"""`transcription-worker outbox list | retry | purge`: shows and repairs what is stuck.

All of it works while the worker runs, which notices within two seconds.
"""

import argparse
import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from ..database import Database
from ..errors import StorageError
from ..outbox import dead_letter, inspect
from ..outbox.schema import COMPONENT, MIGRATIONS
from ..settings import read_settings


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds `outbox` and what can be done with it."""
    description = "What waits for Convex, and what Convex refused (the dead-letter)."
    parser = commands.add_parser(
        "outbox", help="show and repair what is stuck", description=description
    )
    parser.add_argument("--data-dir", type=Path, help="the worker's directory (default: DATA_DIR)")
    actions = parser.add_subparsers(required=True, metavar="ACTION")

    listing = actions.add_parser("list", help="what waits and what was refused, without texts")
    listing.add_argument("--json", action="store_true", help="one JSON object")
    listing.set_defaults(run=_command(_list))

    retry = actions.add_parser("retry", help="send refused updates again")
    _add_choice(retry)
    retry.set_defaults(run=_command(_retry))

    purge = actions.add_parser("purge", help="delete refused updates, or all that a job has")
    _add_choice(purge).add_argument("--job", metavar="JOB_ID", help="also what waits for this job")
    purge.set_defaults(run=_command(_purge))


def _add_choice(parser: argparse.ArgumentParser) -> "argparse._MutuallyExclusiveGroup":
    choice = parser.add_mutually_exclusive_group(required=True)
    choice.add_argument("ids", nargs="*", type=int, default=[], metavar="ID", help="from `list`")
    choice.add_argument("--all", action="store_true", help="all that were refused")
    return choice


def _command(
    action: Callable[[Database, argparse.Namespace], Awaitable[int]],
) -> Callable[[argparse.Namespace], int]:
    async def run(options: argparse.Namespace) -> int:
        path = read_settings(data_dir=options.data_dir).database_path
        if not path.exists():
            raise StorageError(f"there is no outbox at {path}: set DATA_DIR or --data-dir")
        database = await Database.open(path, exclusive=False)
        try:
            await database.migrate(COMPONENT, MIGRATIONS)
            return await action(database, options)
        finally:
            await database.close()

    return lambda options: asyncio.run(run(options))


async def _list(database: Database, options: argparse.Namespace) -> int:
    waiting = await database.read(inspect.list_waiting)
    dead = await database.read(dead_letter.list_all)
    if options.json:
        listing = {"waiting": [*map(asdict, waiting)], "dead": [*map(asdict, dead)]}
        print(json.dumps(listing, indent=2))
        return 0
    print(f"{len(waiting)} waiting")
    for update in waiting:
        trouble = f"; {update.tries} tries, last: {update.last_error}" if update.tries else ""
        print(
            f"  {_time(update.put_at)}  {update.job_id}  {update.status}  "
            f"#{update.sequence} of attempt {update.attempt}{trouble}"
        )
    print(f"{len(dead)} refused")
    for letter in dead:
        hint = "" if letter.is_sendable else " (cannot be retried)"
        print(
            f"  [{letter.id}] {_time(letter.dead_at)}  {letter.job_id}  {letter.status or '-'}  "
            f"{letter.code}: {letter.reason}{hint}"
        )
    return 0


async def _retry(database: Database, options: argparse.Namespace) -> int:
    return await _each(database, options, dead_letter.retry, "will be sent again")


async def _purge(database: Database, options: argparse.Namespace) -> int:
    if options.job is not None:
        job_id: str = options.job
        number = await database.write(lambda connection: inspect.purge_job(connection, job_id))
        print(f"{number} updates of {job_id} deleted")
        return 0 if number else 1
    return await _each(database, options, dead_letter.purge, "deleted")


async def _each(
    database: Database,
    options: argparse.Namespace,
    work: Callable[[sqlite3.Connection, int], bool],
    done: str,
) -> int:
    """Does the work for each chosen letter; 1 where one could not be found."""

    def change(connection: sqlite3.Connection) -> list[tuple[int, bool]]:
        letters = dead_letter.list_all(connection)
        ids = [letter.id for letter in letters] if options.all else options.ids
        return [(letter_id, work(connection, letter_id)) for letter_id in ids]

    results = await database.write(change)
    for letter_id, found in results:
        print(f"[{letter_id}] {done if found else 'is not there, or cannot be retried'}")
    return 0 if all(found for _, found in results) else 1


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
