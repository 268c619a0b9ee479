"""`python -m chaos --seeds 50`: many seeds, one line each; the exit status says whether all held.

Run it in `worker/` with `PYTHONPATH=tests`.
"""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from support.embedded_backend import embedded_backend

from .one_seed import one_seed
from .run import Report

# Seconds, as promised.
_DRAINED_WITHIN = 10.0
_STOPPED_WITHIN = 10.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m chaos", description=__doc__)
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=10.0, help="of faults, for each seed")
    options = parser.parse_args()
    failed = 0
    with embedded_backend() as backend:
        for seed in range(options.first, options.first + options.seeds):
            with tempfile.TemporaryDirectory() as folder:
                report = asyncio.run(one_seed(seed, backend, Path(folder), options.seconds))
            held = not report.wrong and _in_time(report)
            failed += not held
            print(_line(report, held), flush=True)
    print(f"{options.seeds - failed} of {options.seeds} seeds held")
    return 1 if failed else 0


def _in_time(report: Report) -> bool:
    return report.drained <= _DRAINED_WITHIN and max(report.stops) <= _STOPPED_WITHIN


def _line(report: Report, held: bool) -> str:
    faults = ", ".join(f"{count} {name}" for name, count in sorted(report.faults.items()))
    line = (
        f"seed {report.seed:3}  {'held  ' if held else 'FAILED'}  "
        f"drained in {report.drained:4.1f} s, stopped in {max(report.stops):4.1f} s at most  "
        f"({faults})"
    )
    return "\n    ".join([line, *report.wrong])


if __name__ == "__main__":
    sys.exit(main())
