"""The process that reads uploaded files.

`probe FILE MAX_SECONDS` or `decode FILE TARGET MAX_SECONDS`.
"""

import sys
from dataclasses import asdict
from pathlib import Path

import av.logging

from ..children import end_with_parent, say
from ..disk import is_disk_full
from .decode import decode, probe
from .errors import AudioError


def main(args: list[str]) -> None:
    """Does one job; says `seconds` on the way.

    At the end `probe`, `samples` with a `notice`, or `error`.
    """
    av.logging.set_level(av.logging.PANIC)
    end_with_parent()
    try:
        match args:
            case ["probe", path, max_seconds]:
                say({"probe": probe(Path(path), float(max_seconds)).to_json()})
            case ["decode", path, target, max_seconds]:
                decoded = decode(
                    Path(path),
                    Path(target),
                    float(max_seconds),
                    lambda seconds: say({"seconds": seconds}),
                )
                say(asdict(decoded))
            case _:
                raise SystemExit(f"unknown arguments: {args}")
    except AudioError as error:
        say({"error": {"code": error.code, "message": error.message}})
    except OSError as error:
        if not is_disk_full(error):
            raise
        say({"disk_full": str(error)})


if __name__ == "__main__":
    main(sys.argv[1:])
