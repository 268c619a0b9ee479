"""Installs the package without extras into a fresh environment; fails where it is not light:
under 20 MB, and no import of what decodes, serves or listens.

python scripts/check_light.py
"""

import os
import subprocess
import sys
import sysconfig
import tempfile
import venv
from pathlib import Path

WORKER = Path(__file__).resolve().parents[1]
LIMIT = 20_000_000
NOT_OURS = (
    "pip",
    "setuptools",
    "pkg_resources",
    "_distutils_hack",
    "distutils-precedence.pth",
)
HEAVY = ("av", "fastapi", "faster_whisper", "numpy", "pocketsphinx", "structlog", "uvicorn")
IMPORTS = f"""
import sys, transcription_worker, transcription_worker.outbox
sys.exit(" ".join(name for name in {HEAVY} if name in sys.modules) or 0)
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        base = {"base": folder, "platbase": folder}
        programs = Path(sysconfig.get_path("scripts", "venv", base))
        packages = Path(sysconfig.get_path("purelib", "venv", base))
        python = str(programs / "python")
        subprocess.run([python, "-m", "pip", "install", "--quiet", str(WORKER)], check=True)
        subprocess.run([python, "-c", IMPORTS], check=True, cwd=folder)

        sizes = {path.name: _size(path) for path in packages.iterdir() if not _is_pip(path.name)}
        for name in sorted(sizes, key=lambda name: -sizes[name])[:5]:
            print(f"{sizes[name] / 1e6:6.1f} MB  {name}")
        total = sum(sizes.values())
        print(f"{total / 1e6:6.1f} MB  in all, at most {LIMIT / 1e6:.0f}")

        environment = os.environ | {"CONVEX_SYNC_ENABLED": "false", "CONVEX_API_KEY": "key"}
        served = subprocess.run(
            [programs / "transcription-worker", "serve"],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        print(served.stderr.strip())
        line = "pip install 'transcription-worker[server]'"
        if total >= LIMIT or served.returncode != 2 or line not in served.stderr:
            sys.exit("The package without extras is too large, or does not say what it lacks.")


def _is_pip(name: str) -> bool:
    return name in NOT_OURS or name.startswith(("pip-", "setuptools-"))


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


if __name__ == "__main__":
    main()
