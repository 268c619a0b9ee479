"""Without extras the package needs httpx, pydantic and pydantic-settings, and says so otherwise."""

import importlib.metadata
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from transcription_worker import MissingExtraError
from transcription_worker.extras import require_extra

PACKAGE = "transcription-worker"
SOURCE = Path(__file__).resolve().parents[1] / "src"


def needed(name: str, extras: frozenset[str] = frozenset()) -> Iterator[str]:
    """The distributions that an installation brings, itself first."""
    yield canonicalize_name(name)
    for line in importlib.metadata.requires(name) or []:
        requirement = Requirement(line)
        marker = requirement.marker
        if marker is None or any(marker.evaluate({"extra": one}) for one in extras | {""}):
            yield from needed(requirement.name, frozenset(requirement.extras))


def python(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    """Runs code where nothing can be imported but what the package without extras brings."""
    packages = folder / "packages"
    packages.mkdir()
    for name in set(needed(PACKAGE)):
        distribution = importlib.metadata.distribution(name)
        for top in {file.parts[0] for file in distribution.files or []} - {"..", "__pycache__"}:
            (packages / top).symlink_to(Path(str(distribution.locate_file(top))))
    return subprocess.run(
        [sys.executable, "-S", "-c", code],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(packages), str(SOURCE)])},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_core_needs_three_packages() -> None:
    lines = map(Requirement, importlib.metadata.requires(PACKAGE) or [])
    core = {line.name for line in lines if line.marker is None}
    assert core == {"httpx", "pydantic", "pydantic-settings"}


def test_client_and_outbox_work_with_these_alone(tmp_path: Path) -> None:
    result = python(
        tmp_path,
        "import transcription_worker, transcription_worker.outbox\n"
        "with transcription_worker.SyncOutbox.open('worker.sqlite3', None) as outbox:\n"
        "    print(outbox.put({'job_id': 'j', 'status': 'pending'}))\n"
        "from transcription_worker.cli import main\n"
        "main(['outbox', '--data-dir', '.', 'list'])",
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines()[1] == "1 waiting"


def test_no_import_loads_what_decodes_serves_or_listens() -> None:
    heavy = ("av", "fastapi", "faster_whisper", "numpy", "pocketsphinx", "structlog", "uvicorn")
    code = f"""
import sys, transcription_worker, transcription_worker.outbox
sys.exit(" ".join(name for name in {heavy} if name in sys.modules) or 0)
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")


def test_serving_without_the_extra_names_the_line_that_installs_it(tmp_path: Path) -> None:
    result = python(
        tmp_path, "import sys\nfrom transcription_worker.cli import main\nsys.exit(main(['serve']))"
    )
    assert result.returncode == 2
    assert "fastapi" in result.stderr
    assert "pip install 'transcription-worker[server]'" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("extra", ["server", "pocketsphinx", "whisper", "openai", "all"])
def test_an_extra_that_is_installed_is_found(extra: str) -> None:
    require_extra(extra)


def test_every_extra_names_its_own_line(tmp_path: Path) -> None:
    result = python(
        tmp_path,
        "from transcription_worker.extras import require_extra\n"
        "for extra in ('server', 'pocketsphinx', 'whisper', 'openai'):\n"
        "    try:\n"
        "        require_extra(extra)\n"
        "    except Exception as error:\n"
        "        print(error.code, error)",
    )
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines] == [MissingExtraError.code] * 4
    assert [line.split("[")[1] for line in lines] == [
        "server]'",
        "pocketsphinx]'",
        "whisper]'",
        "openai]'",
    ]


def test_the_lock_file_pins_all_that_the_package_asks_for() -> None:
    pins: dict[str, list[str]] = {}
    for line in (SOURCE.parent / "requirements.lock").read_text().splitlines():
        if not line.startswith("#"):
            pin = Requirement(line)
            pins.setdefault(canonicalize_name(pin.name), []).append(str(pin.specifier)[2:])
    for line in importlib.metadata.requires(PACKAGE) or []:
        wanted = Requirement(line)
        versions = pins.get(canonicalize_name(wanted.name), [])
        assert versions, f"{wanted.name} is missing: run the command in requirements.lock"
        assert all(wanted.specifier.contains(version) for version in versions), wanted
