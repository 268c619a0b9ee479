"""The service's settings, from the environment and from `.env`."""

from pathlib import Path
from typing import Annotated, Literal

import pydantic
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from .endpoint import site_url
from .errors import ConfigurationError

_WHERE_URL = "the Convex dashboard shows it (Settings → URL & Deploy Key); `npm start` prints it"
_WHERE_KEY = "make one with `npm run keygen` and set the same on the deployment"


class Settings(BaseSettings):
    """Every setting of the service; the environment's names are the upper-case aliases."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",  # a .env is shared with other programs
        frozen=True,
        hide_input_in_errors=True,
        populate_by_name=True,
    )

    convex_url: str | None = Field(default=None, validation_alias="CONVEX_URL")
    """The deployment, `https://….convex.cloud`; its `.convex.site` is derived from it."""

    convex_site_url: str | None = Field(default=None, validation_alias="CONVEX_SITE_URL")
    """Where the deployment's HTTP actions are; wins over `CONVEX_URL`."""

    convex_api_key: SecretStr | None = Field(default=None, validation_alias="CONVEX_API_KEY")
    """One key, or several separated by commas: the first is sent, all are accepted in tickets."""

    convex_sync_enabled: bool = Field(default=True, validation_alias="CONVEX_SYNC_ENABLED")
    """Off: updates are stored and wait; nothing is sent."""

    convex_timeout: Annotated[float, Field(gt=0, le=300)] = Field(
        default=5.0, validation_alias="CONVEX_TIMEOUT"
    )
    """Seconds to wait for an answer of Convex."""

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

    @property
    def database_path(self) -> Path:
        """The one SQLite file of the outbox and the job queue."""
        return self.data_dir / "worker.sqlite3"

    @property
    def api_keys(self) -> tuple[str, ...]:
        """Every key, the one to send first; empty where none is set."""
        if self.convex_api_key is None:
            return ()
        keys = self.convex_api_key.get_secret_value().split(",")
        return tuple(key.strip() for key in keys if key.strip())

    @property
    def allowed_origins(self) -> tuple[str, ...]:
        """`cors_origins`, one by one."""
        origins = (origin.strip().rstrip("/") for origin in self.cors_origins.split(","))
        return tuple(origin for origin in origins if origin)

    def require_endpoint(self) -> tuple[str, str]:
        """The address of the HTTP actions and the key to send.

        Raises `ConfigurationError` where one is missing or malformed.
        """
        url = self.convex_site_url or self.convex_url
        if url is None:
            raise ConfigurationError(f"CONVEX_URL is not set: {_WHERE_URL}.")
        if not self.api_keys:
            raise ConfigurationError(f"CONVEX_API_KEY is not set: {_WHERE_KEY}.")
        name = "CONVEX_SITE_URL" if self.convex_site_url else "CONVEX_URL"
        return site_url(url, name=name), self.api_keys[0]

    @field_validator("convex_api_key")
    @classmethod
    def _fits_a_header(cls, key: SecretStr | None) -> SecretStr | None:
        text = key.get_secret_value() if key else ""
        if not all(
            part.strip().isascii() and part.strip().isprintable() for part in text.split(",")
        ):
            raise ValueError("holds characters that no HTTP header can carry")
        return key


def read_settings(**overrides: object) -> Settings:
    """The settings as they are now; an override of `None` changes nothing.

    Raises `ConfigurationError`, whose message says what is malformed.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**given)  # type: ignore[arg-type]  # pydantic checks them
    except pydantic.ValidationError as error:
        problems = (
            f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}"
            for detail in error.errors(include_url=False, include_input=False)
        )
        raise ConfigurationError("; ".join(problems)) from None


def load_settings(**overrides: object) -> Settings:
    """The settings as they are now; with sending on, an address and a key must be there.

    Raises `ConfigurationError`, whose message says what to set and where to get it.
    """
    settings = read_settings(**overrides)
    if settings.convex_sync_enabled:
        settings.require_endpoint()
    return settings
