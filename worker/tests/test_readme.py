"""The README's Python runs as it stands."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import pytest

from support.scripted_server import ScriptedServer

README = Path(__file__).resolve().parents[1] / "README.md"


def snippet(function: str) -> Callable[..., Awaitable[None]]:
    [code] = [
        block
        for block in re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
        if f"def {function}(" in block
    ]
    namespace: dict[str, Any] = {}
    exec(compile(code, str(README), "exec"), namespace)
    found: Callable[..., Awaitable[None]] = namespace[function]
    return found


@pytest.fixture(autouse=True)
def _configured(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONVEX_SITE_URL", server.url)
    monkeypatch.setenv("CONVEX_API_KEY", "key")


async def test_the_client_alone(server: ScriptedServer, capsys: pytest.CaptureFixture[str]) -> None:
    await snippet("transcribe")("job-1", 42)
    assert capsys.readouterr().out == "applied processing\n"
    assert server.updates[0]["progress"] == 42


@pytest.mark.slow
async def test_the_client_alone_without_a_server(
    server: ScriptedServer, capsys: pytest.CaptureFixture[str]
) -> None:
    await server.stop()
    async with asyncio.timeout(60):
        await snippet("transcribe")("job-1", 43)
    assert capsys.readouterr().out.startswith("not taken: ConnectError")


async def test_the_outbox(server: ScriptedServer) -> None:
    await snippet("report")("job-1")
    assert [update["status"] for update in server.updates] == ["processing", "completed"]


async def test_the_outbox_in_a_thread(server: ScriptedServer) -> None:
    report = cast("Callable[[str], None]", snippet("report_from_a_thread"))
    async with asyncio.timeout(60):
        await asyncio.to_thread(report, "job-1")
    assert [update["status"] for update in server.updates] == ["processing", "completed"]


def test_the_map_names_every_module() -> None:
    source = README.parent / "src" / "transcription_worker"
    modules = {path.stem for path in source.glob("[a-z]*.py")}
    modules |= {path.parent.name for path in source.glob("[a-z]*/__init__.py")}
    _, section = README.read_text().split("\n## Map\n")
    named = set(re.findall(r"`(\w+)/?[\w/]*`", section.split("\n### ")[0]))
    assert modules - named == set()
