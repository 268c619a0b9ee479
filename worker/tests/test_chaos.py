"""A few seeds of `python -m chaos`: whatever fails, every row is the truth in the end."""

from pathlib import Path

import pytest

from chaos.one_seed import one_seed
from support.embedded_backend import EmbeddedBackend


@pytest.mark.slow
@pytest.mark.parametrize("seed", [4, 6])
async def test_every_row_is_the_truth(backend: EmbeddedBackend, tmp_path: Path, seed: int) -> None:
    report = await one_seed(seed, backend, tmp_path, 10.0)
    assert report.wrong == []
    assert sum(report.faults.values()) >= 5
