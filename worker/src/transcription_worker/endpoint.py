"""Where a deployment's HTTP actions are."""

from urllib.parse import urlsplit, urlunsplit

from .errors import ConfigurationError

_CLOUD, _SITE = ".convex.cloud", ".convex.site"
# A deployment on one's own machine serves its functions at one port and HTTP actions at the next.
_LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "::1", "0.0.0.0"})  # noqa: S104
_LOCAL_PORT, _LOCAL_SITE_PORT = 3210, 3211


def site_url(url: str, *, name: str = "CONVEX_URL") -> str:
    """The address of the HTTP actions of the deployment at `url`, without a slash at its end.

    `.convex.cloud` becomes `.convex.site`, port 3210 of this machine 3211; anything else is taken
    for what it is. Raises `ConfigurationError`, which calls the setting `name`.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _malformed(name) from None
    if parts.scheme not in ("http", "https") or not host:
        raise _malformed(name)
    if parts.query or parts.fragment or parts.username or parts.password:
        raise ConfigurationError(f"{name} must have no query, fragment or password.")
    if host == "dashboard.convex.dev":
        raise ConfigurationError(
            f"{name} is the dashboard's address; the deployment's is https://….convex.cloud, "
            "under Settings → URL & Deploy Key."
        )
    if host.endswith(_CLOUD):
        host = host.removesuffix(_CLOUD) + _SITE
    elif host in _LOCAL_HOSTS and port == _LOCAL_PORT:
        port = _LOCAL_SITE_PORT
    netloc = f"[{host}]" if ":" in host else host
    if port is not None:
        netloc += f":{port}"
    return urlunsplit((parts.scheme, netloc, parts.path.rstrip("/"), "", ""))


def _malformed(name: str) -> ConfigurationError:
    return ConfigurationError(
        f"{name} is not an http(s) address: the Convex dashboard shows the right one under "
        "Settings → URL & Deploy Key, such as https://happy-animal-123.convex.cloud."
    )
