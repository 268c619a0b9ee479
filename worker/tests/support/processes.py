"""Child processes of this one, found by what they run."""

import os
from pathlib import Path


def children(module: str) -> list[int]:
    """The living children of this process that run `python -m module`; dead ones do not count."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            command = (folder / "cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):  # it ended meanwhile
            continue
        if parent == os.getpid() and module.encode() in command:
            found.append(int(folder.name))
    return found
