"""A seed with all that it needs."""

import random
import socket
from pathlib import Path

from support.embedded_backend import EmbeddedBackend
from support.small_disk import small_disk

from .run import Chaos, Report
from .weather import weather_before

# The service keeps 64 MiB free for its database.
_DISK_MEGABYTES = 160


async def one_seed(seed: int, backend: EmbeddedBackend, folder: Path, seconds: float) -> Report:
    """Runs one seed in `folder`, with faults for so many seconds."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with small_disk(folder / "disk", _DISK_MEGABYTES) as disk:
        async with weather_before(backend.site_url, random.Random(seed)) as weather:
            return await Chaos(seed, backend, weather, disk, port).run(seconds)
