"""The client's settings, from the environment and from `.env`."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, TypeVar

import pydantic
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from .endpoint import given_site_url, site_url
from .errors import ConfigurationError

_WHERE_URL = "the Convex dashboard shows it (Settings → URL & Deploy Key); `npm start` prints it"
_WHERE_KEY = "make one with `npm run keygen` and set the same on the deployment"


class ClientSettings(BaseSettings):
    """What the client needs: `CONVEX_*` and nothing else of the environment and of `.env`."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",  # a .env is shared with other programs
        frozen=True,
        hide_input_in_errors=True,
        populate_by_name=True,
        use_attribute_docstrings=True,
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

    @property
    def api_keys(self) -> tuple[str, ...]:
        """Every key, the one to send first; empty where none is set."""
        if self.convex_api_key is None:
            return ()
        keys = self.convex_api_key.get_secret_value().split(",")
        return tuple(key.strip() for key in keys if key.strip())

    def problems(self) -> Iterator[str]:
        """What keeps updates from being sent, a line each that names the setting."""
        try:
            self._site()
        except ConfigurationError as error:
            yield error.message
        if not self.api_keys:
            yield f"CONVEX_API_KEY is not set: {_WHERE_KEY}."

    def require_endpoint(self) -> tuple[str, str]:
        """The address of the HTTP actions and the key to send.

        Raises `ConfigurationError` where one is missing or malformed.
        """
        if problems := list(ClientSettings.problems(self)):
            raise ConfigurationError("\n".join(problems))
        return self._site(), self.api_keys[0]

    def _site(self) -> str:
        if self.convex_site_url:
            return given_site_url(self.convex_site_url)
        if not self.convex_url:
            raise ConfigurationError(f"CONVEX_URL is not set: {_WHERE_URL}.")
        return site_url(self.convex_url)

    @field_validator("convex_api_key")
    @classmethod
    def _fits_a_header(cls, key: SecretStr | None) -> SecretStr | None:
        text = key.get_secret_value() if key else ""
        if not all(
            part.strip().isascii() and part.strip().isprintable() for part in text.split(",")
        ):
            raise ValueError("holds characters that no HTTP header can carry")
        return key


S = TypeVar("S", bound=ClientSettings)


def read(kind: type[S], overrides: Mapping[str, object], *, complete: bool) -> S:
    """The settings as they are now, of the class `kind`; an override of `None` changes nothing.

    With `complete` nothing that `problems` knows may be missing. Raises `ConfigurationError`, whose
    message has one line for each setting that is missing or malformed.
    """
    given: dict[str, Any] = {name: value for name, value in overrides.items() if value is not None}
    lines: list[str] = []
    malformed: set[str] = set()
    try:
        settings = kind(**given)
    except pydantic.ValidationError as error:
        names = {str(field.validation_alias): name for name, field in kind.model_fields.items()}
        variables = {name: variable for variable, name in names.items()}
        for detail in error.errors(include_url=False, include_input=False):
            found = str(detail["loc"][0])  # an override has the field's own name
            malformed.add(variables.get(found, found))
            lines.append(f"{variables.get(found, found)}: {detail['msg']}")
        # With the defaults in their places, for what is missing besides.
        for name in (names[variable] for variable in malformed):
            given[name] = kind.model_fields[name].get_default()
        settings = kind(**given)
    if complete:
        lines += [line for line in settings.problems() if line.split()[0] not in malformed]
    if lines:
        raise ConfigurationError("\n".join(lines))
    return settings


def load_client_settings() -> ClientSettings:
    """The client's settings; where sending is on, an address and a key must be there.

    Raises `ConfigurationError`, whose message says what to set and where to get it.
    """
    settings = read(ClientSettings, {}, complete=False)
    if settings.convex_sync_enabled:
        settings.require_endpoint()
    return settings
