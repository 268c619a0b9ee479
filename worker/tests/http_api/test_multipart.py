"""Reading forms: whole ones in any pieces, and what is wrong with others."""

from collections.abc import AsyncIterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.api_harness import Api, bearer
from transcription_worker.api.errors import ApiError
from transcription_worker.api.multipart import PartData, PartStarted, read_boundary, read_form

FORM = (
    b'--b\r\nContent-Disposition: form-data; name="job_id"\r\n\r\njob-1\r\n'
    b'--b\r\ncontent-disposition: form-data; name="file"; filename="a.mp3"\r\n'
    b"Content-Type: audio/mpeg\r\n\r\n\r\n--\r\n-b\r\n--c\0\xff\r\n"
    b"--b--\r\n"
)


async def pieces(content: bytes, size: int) -> AsyncIterator[bytes]:
    for at in range(0, len(content), size):
        yield content[at : at + size]


async def read(content: bytes, size: int = 10_000) -> list[tuple[str, str | None, bytes]]:
    parts: list[tuple[str, str | None, bytes]] = []
    async for event in read_form(pieces(content, size), b"b"):
        match event:
            case PartStarted(name, file_name):
                parts.append((name, file_name, b""))
            case PartData(data):
                name, file_name, before = parts.pop()
                parts.append((name, file_name, before + data))
    return parts


@settings(deadline=None)
@given(size=st.integers(1, len(FORM)))
async def test_a_form_is_the_same_in_any_pieces(size: int) -> None:
    assert await read(FORM, size) == [
        ("job_id", None, b"job-1"),
        ("file", "a.mp3", b"\r\n--\r\n-b\r\n--c\0\xff"),
    ]


@settings(deadline=None)
@given(cut=st.integers(0, len(FORM) - 5))
async def test_a_cut_off_form_is_refused(cut: int) -> None:
    with pytest.raises(ApiError) as caught:
        await read(FORM[:cut])
    assert (caught.value.status, caught.value.code) == (400, "invalid_form")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no form",
        b"--c\r\n\r\n",
        b"--b\r\n: x\r\n\r\n",
        b"--b\r\nX: " + b"y" * 9_000 + b"\r\n\r\n",
        b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\ny\r\n' * 33 + b"--b--\r\n",
    ],
)
async def test_a_malformed_form_is_refused(content: bytes) -> None:
    with pytest.raises(ApiError) as caught:
        await read(content)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    "content_type",
    [None, "", "application/json", "multipart/form-data", "multipart/mixed; boundary=b"],
)
def test_what_is_no_form_is_refused(content_type: str | None) -> None:
    with pytest.raises(ApiError) as caught:
        read_boundary(content_type)
    assert caught.value.status == 415


def test_boundaries() -> None:
    assert read_boundary('multipart/form-data; boundary="a b"; charset=utf-8') == b"a b"


def _field(name: str, value: str, file: bool = False) -> bytes:
    file_name = '; filename="x"' if file else ""
    return (
        f'--b\r\nContent-Disposition: form-data; name="{name}"{file_name}\r\n\r\n{value}\r\n'
    ).encode()


@pytest.mark.parametrize(
    ("form", "says"),
    [
        (_field("file", "x", file=True) + _field("job_id", "job-1"), "before the file"),
        (_field("job_id", "job-1"), "file: is required"),
        (_field("job_id", "job-1") * 2, "job_id: is there twice"),
        (_field("job_id", "job-1") + _field("file", "x") * 2, "file: is there twice"),
        (_field("language", "en"), "file: is required"),
    ],
)
async def test_incomplete_forms_are_refused(form: bytes, says: str, api: Api) -> None:
    headers = {**bearer("job-1"), "Content-Type": "multipart/form-data; boundary=b"}
    answer = await api.http.post("/transcribe-job", content=form + b"--b--\r\n", headers=headers)
    assert answer.status_code == 422
    assert says in answer.json()["error"]["message"]
    assert api.harness.file_names() == set()
    assert await api.harness.service.get("job-1") is None


async def test_a_body_that_is_no_form_is_refused(api: Api) -> None:
    answer = await api.http.post("/transcribe-job", json={}, headers=bearer("job-1"))
    assert answer.status_code == 415
    assert answer.json()["error"]["code"] == "unsupported_media_type"
