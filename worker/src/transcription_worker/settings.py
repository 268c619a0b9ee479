"""The service's settings, from the environment and from `.env`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator

from .client_settings import ClientSettings, read

_OPENAI = "api.openai.com"


class Settings(ClientSettings):
    """Every setting of the service; the environment's names are the upper-case aliases."""

    data_dir: Path = Field(default=Path("transcription-data"), validation_alias="DATA_DIR")
    """Where the worker keeps its SQLite file and the uploads."""

    host: str = Field(default="127.0.0.1", validation_alias="WORKER_HOST")
    """The address that the HTTP API listens on; `0.0.0.0` is every network of the machine."""

    port: Annotated[int, Field(ge=0, le=65_535)] = Field(
        default=8000, validation_alias="WORKER_PORT"
    )
    """The port of the HTTP API; 0 takes any that is free."""

    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", validation_alias="LOG_LEVEL"
    )
    """The least important kind of event that is logged."""

    cors_origins: str = Field(default="", validation_alias="CORS_ORIGINS")
    """Origins of the pages that may use the HTTP API, separated by commas; empty: pages served by
    this machine (`localhost`, any port)."""

    max_upload_bytes: Annotated[int, Field(ge=1)] = Field(
        default=1024**3, validation_alias="MAX_UPLOAD_BYTES"
    )
    """The largest file that is taken."""

    max_audio_seconds: Annotated[float, Field(gt=0)] = Field(
        default=12 * 60 * 60, validation_alias="MAX_AUDIO_SECONDS"
    )
    """The longest recording that is taken; decoded, an hour takes 115 MB in `DATA_DIR`."""

    max_concurrent_jobs: Annotated[int, Field(ge=1, le=64)] = Field(
        default=1, validation_alias="MAX_CONCURRENT_JOBS"
    )
    """How many jobs run at once; with pocketsphinx each keeps one core busy."""

    engine: Literal["whisper", "pocketsphinx", "openai"] | None = Field(
        default=None, validation_alias="TRANSCRIPTION_ENGINE"
    )
    """Which speech engine listens; unset: whisper where it is installed, else pocketsphinx."""

    whisper_model: Annotated[str, Field(min_length=1)] = Field(
        default="base", validation_alias="WHISPER_MODEL"
    )
    """A name such as `base`, downloaded to `DATA_DIR/models` at first use, or a folder."""

    whisper_offline: bool = Field(default=False, validation_alias="WHISPER_OFFLINE")
    """On: no model is downloaded; it must be there."""

    openai_api_key: SecretStr | None = Field(default=None, validation_alias="OPENAI_API_KEY")
    """The key of the OpenAI-compatible service; one's own may need none."""

    openai_base_url: str = Field(
        default="https://api.openai.com/v1", validation_alias="OPENAI_BASE_URL"
    )
    """The service's address, up to `/audio/transcriptions`."""

    openai_model: str = Field(default="whisper-1", validation_alias="OPENAI_MODEL")
    """The model where an upload names none; one that answers with `verbose_json`."""

    openai_max_upload_bytes: Annotated[int, Field(ge=200_000)] = Field(
        default=25_000_000, validation_alias="OPENAI_MAX_UPLOAD_BYTES"
    )
    """The largest file that the service takes; longer audio is cut at silences."""

    openai_piece_seconds: Annotated[float, Field(ge=10)] = Field(
        default=300.0, validation_alias="OPENAI_PIECE_SECONDS"
    )
    """Audio longer than this is sent in pieces, so that its transcript grows while it is made."""

    openai_timeout: Annotated[float, Field(gt=0)] = Field(
        default=600.0, validation_alias="OPENAI_TIMEOUT"
    )
    """Seconds that the service may take for one piece."""

    engine_outage_seconds: Annotated[float, Field(ge=0)] = Field(
        default=3600.0, validation_alias="ENGINE_OUTAGE_SECONDS"
    )
    """Seconds that a job waits for a transcription service that cannot answer, before it fails."""

    @property
    def database_path(self) -> Path:
        """The one SQLite file of the outbox and the job queue."""
        return self.data_dir / "worker.sqlite3"

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        """`cors_origins`, one by one."""
        origins = (origin.strip().rstrip("/") for origin in self.cors_origins.split(","))
        return tuple(origin for origin in origins if origin)

    def problems(self) -> Iterator[str]:
        """What keeps the service from starting, a line each that names the setting."""
        if self.convex_sync_enabled:
            yield from super().problems()
        elif not self.api_keys:
            yield (
                "CONVEX_API_KEY is not set: without it no ticket can be checked, so that nobody "
                "could upload anything. Make one with `npm run keygen` and set the same on the "
                "deployment."
            )
        if self.engine == "openai" and not self.openai_key and _OPENAI in self.openai_base_url:
            yield (
                "OPENAI_API_KEY is not set: make one at https://platform.openai.com/api-keys, or "
                "set OPENAI_BASE_URL to a service that needs none."
            )

    @property
    def openai_key(self) -> str:
        """The key of the OpenAI-compatible service; empty where none is set."""
        return self.openai_api_key.get_secret_value() if self.openai_api_key else ""

    @field_validator("log_level", "engine", mode="before")
    @classmethod
    def _in_any_case(cls, value: object) -> object:
        return value.strip().lower() if isinstance(value, str) else value


def read_settings(**overrides: object) -> Settings:
    """The settings as they are now; an override of `None` changes nothing.

    Raises `ConfigurationError`, whose message has a line for each that is malformed.
    """
    return read(Settings, overrides, complete=False)


def load_settings(**overrides: object) -> Settings:
    """The settings as they are now, with all that the service needs.

    Raises `ConfigurationError`, whose message has a line for each setting that is missing or
    malformed, with what to set and where to get it.
    """
    return read(Settings, overrides, complete=True)
