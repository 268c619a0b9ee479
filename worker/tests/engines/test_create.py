"""Which engine the settings ask for."""

import pytest

from transcription_worker import ConfigurationError, Settings
from transcription_worker.engines import create_engine


def test_pocketsphinx_is_the_default() -> None:
    assert create_engine(Settings()).name == "pocketsphinx"


async def test_openai_needs_a_key_at_openai_only() -> None:
    with pytest.raises(ConfigurationError, match="OPENAI_API_KEY is not set"):
        create_engine(Settings(engine="openai"))
    engine = create_engine(Settings(engine="openai", openai_base_url="http://127.0.0.1:9000/v1"))
    assert engine.name == "openai"
    await engine.close()
