"""The process that downloads a model: `REPOSITORY TARGET`.

Says `{"done": …, "total": …}` in bytes while it goes on, `{"error": …}` at the end of what failed.
`TARGET` appears at once, whole and durable; until then everything is in `TARGET.partial`, where the
next try finds the files that a failed one has finished.
"""

import errno
import fnmatch
import os
import shutil
import sys
import threading
from pathlib import Path

from huggingface_hub import HfApi, snapshot_download

from ...children import end_with_parent, say
from ...disk import is_disk_full, sync_path
from .models import MODEL_FILES

# What faster-whisper reads of a model.
_PATTERNS = (
    "config.json",
    "preprocessor_config.json",
    "model.bin",
    "tokenizer.json",
    "vocabulary.*",
)
# Bytes of the disk that a model leaves to the worker's database and uploads.
_RESERVE = 256 * 1024 * 1024
_SECONDS_BETWEEN_REPORTS = 1.0
# Characters of an error that are told: some quote whole answers.
_QUOTED = 300


def main(args: list[str]) -> None:
    """Downloads one model."""
    end_with_parent()
    # A second copy of everything, in the home folder of whoever runs the worker.
    os.environ.setdefault("HF_XET_CHUNK_CACHE_SIZE_BYTES", "0")
    repository, target = args[0], Path(args[1])
    partial = target.with_name(target.name + ".partial")
    try:
        download(repository, target, partial)
    except OSError as error:
        if is_disk_full(error):
            # A part that cannot become whole must not keep the disk full.
            shutil.rmtree(partial, ignore_errors=True)
        say({"error": _describe(error)})
    except Exception as error:  # noqa: BLE001 - the hub's client raises what its own clients raise
        say({"error": _describe(error)})


def download(repository: str, target: Path, partial: Path) -> None:
    """Downloads into `partial` and moves it to `target`. Raises `OSError` and the hub's errors."""
    # Without a network, `snapshot_download` takes any folder that has something in it for the
    # model; given a commit, it compares files and sizes, as is done here once more at the end.
    info = HfApi().model_info(repository, files_metadata=True, timeout=30)
    sizes = {
        file.rfilename: file.size or 0
        for file in info.siblings or ()
        if any(fnmatch.fnmatch(file.rfilename, pattern) for pattern in _PATTERNS)
    }
    if not sizes.keys() >= set(MODEL_FILES):
        raise OSError(f"{repository} lacks some of {', '.join(MODEL_FILES)}")
    if target.exists():
        raise OSError(f"DATA_DIR/models/{target.name} is there, and no whole model: delete it")
    total = sum(sizes.values())
    partial.mkdir(parents=True, exist_ok=True)
    # The hub's client never goes on with what a killed one has left, nor deletes it.
    for path in partial.rglob("*.incomplete"):
        path.unlink()
    missing = total - _there(partial)
    if missing > shutil.disk_usage(partial).free - _RESERVE:
        raise OSError(errno.ENOSPC, f"the disk has no room for {missing:,} bytes more")
    done = threading.Event()
    reporter = threading.Thread(target=_report, args=(partial, total, done))
    reporter.start()
    try:
        snapshot_download(
            repository, revision=info.sha, local_dir=partial, allow_patterns=list(_PATTERNS)
        )
    finally:
        done.set()
        reporter.join()
    for name, size in sizes.items():
        if (partial / name).stat().st_size != size:
            raise OSError(f"{name} came incomplete")
    shutil.rmtree(partial / ".cache", ignore_errors=True)
    # A power cut must not leave a folder of that name with empty files in it.
    for path in (*(partial / name for name in sizes), partial):
        sync_path(path)
        say({"done": total, "total": total})
    partial.rename(target)
    sync_path(target.parent)


def _report(partial: Path, total: int, done: threading.Event) -> None:
    """Says how much is there, whenever it has become more."""
    said = -1
    while not done.wait(_SECONDS_BETWEEN_REPORTS):
        there = min(total, _there(partial))
        if there > said:
            said = there
            say({"done": there, "total": total})


def _there(partial: Path) -> int:
    return sum(map(_size, partial.rglob("*")))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:  # renamed meanwhile
        return 0


def _describe(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [""]
    return f"{type(error).__name__}: {lines[0]}"[:_QUOTED]


if __name__ == "__main__":
    main(sys.argv[1:])
