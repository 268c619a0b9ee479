"""Where a deployment's HTTP actions are."""

import pytest

from transcription_worker.endpoint import given_site_url, site_url
from transcription_worker.errors import ConfigurationError


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://happy-animal-123.convex.cloud", "https://happy-animal-123.convex.site"),
        ("https://happy-animal-123.convex.cloud/", "https://happy-animal-123.convex.site"),
        ("https://a-b-1.eu-west-1.convex.cloud", "https://a-b-1.eu-west-1.convex.site"),
        ("HTTPS://Happy-Animal-123.Convex.Cloud", "https://happy-animal-123.convex.site"),
        ("https://happy-animal-123.convex.site", "https://happy-animal-123.convex.site"),
        ("http://127.0.0.1:3210", "http://127.0.0.1:3211"),
        ("http://localhost:3210", "http://localhost:3211"),
        ("http://[::1]:3210", "http://[::1]:3211"),
        ("http://127.0.0.1:4000", "http://127.0.0.1:4001"),
        ("http://127.0.0.1", "http://127.0.0.1"),
        ("http://127.0.0.1:65535", None),
        (" https://convex.example.com/ ", "https://convex.example.com"),
        ("https://convex.example.com/http/", None),
        ("https://convex.example.com:3210", "https://convex.example.com:3210"),
        ("https://evil.example/?.convex.cloud", None),
        ("https://user:secret@convex.example.com", None),
        ("happy-animal-123", None),
        ("happy-animal-123.convex.cloud", None),
        ("wss://happy-animal-123.convex.cloud", None),
        ("https://dashboard.convex.dev/t/team/project", None),
        ("https://", None),
        ("https://a:b", None),
        ("", None),
    ],
)
def test_site_url(url: str, expected: str | None) -> None:
    if expected is not None:
        assert site_url(url) == expected
        return
    with pytest.raises(ConfigurationError, match="CONVEX_URL") as caught:
        site_url(url)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:3210", "http://127.0.0.1:3210"),
        (" https://convex.example.com/http/ ", "https://convex.example.com/http"),
        ("https://happy-animal-123.convex.cloud", "https://happy-animal-123.convex.site"),
        ("https://convex.example.com/?a=b", None),
        ("", None),
    ],
)
def test_a_site_url_is_taken_as_it_is(url: str, expected: str | None) -> None:
    if expected is not None:
        assert given_site_url(url) == expected
        return
    with pytest.raises(ConfigurationError, match="CONVEX_SITE_URL"):
        given_site_url(url)


def test_a_path_is_refused_with_the_way_out() -> None:
    with pytest.raises(ConfigurationError, match=r"without a path.*CONVEX_SITE_URL"):
        site_url("https://happy-animal-123.convex.cloud/foo")
