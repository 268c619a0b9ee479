"""Where a deployment's HTTP actions are."""

from urllib.parse import SplitResult, urlsplit, urlunsplit

from .errors import ConfigurationError

_CLOUD, _SITE = ".convex.cloud", ".convex.site"
# A deployment on one's own machine serves its functions at one port and HTTP actions at the next.
_LOCAL_HOSTS = frozenset({"127.0.0.1", "localhost", "::1", "0.0.0.0"})  # noqa: S104
_LAST_PORT = 65_535


def site_url(url: str, *, name: str = "CONVEX_URL") -> str:
    """The address of the HTTP actions of the deployment at `url`, without a slash at its end.

    `.convex.cloud` becomes `.convex.site`, a port of this machine the next one; anything else is
    taken for what it is. Raises `ConfigurationError`, which calls the setting `name`.
    """
    parts = _checked(url, name)
    host, port = parts.hostname or "", parts.port
    if host.endswith(_CLOUD):
        host = host.removesuffix(_CLOUD) + _SITE
    elif host in _LOCAL_HOSTS and port is not None:
        port += 1
        if port > _LAST_PORT:
            raise ConfigurationError(
                f"{name} has the port {port - 1}, which none follows: set CONVEX_SITE_URL to where "
                "the deployment serves its HTTP actions."
            )
    if parts.path.rstrip("/"):
        raise ConfigurationError(
            f"{name} must end after the host and the port, without a path. Where the HTTP actions "
            "are served under a path, such as behind a proxy, set CONVEX_SITE_URL to it."
        )
    return _joined(parts, host, port)


def given_site_url(url: str, *, name: str = "CONVEX_SITE_URL") -> str:
    """The address of the HTTP actions where it is given: checked, and nothing is derived but
    `.convex.site` from `.convex.cloud`, where none are. It may have a path. Raises as `site_url`.
    """
    parts = _checked(url, name)
    host = parts.hostname or ""
    if host.endswith(_CLOUD):
        host = host.removesuffix(_CLOUD) + _SITE
    return _joined(parts, host, parts.port)


def _checked(url: str, name: str) -> SplitResult:
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname or "", parts.port
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
    return parts


def _joined(parts: SplitResult, host: str, port: int | None) -> str:
    netloc = f"[{host}]" if ":" in host else host
    if port is not None:
        netloc += f":{port}"
    return urlunsplit((parts.scheme, netloc, parts.path.rstrip("/"), "", ""))


def _malformed(name: str) -> ConfigurationError:
    return ConfigurationError(
        f"{name} is not an http(s) address: the Convex dashboard shows the right one under "
        "Settings → URL & Deploy Key, such as https://happy-animal-123.convex.cloud."
    )
