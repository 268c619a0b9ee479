"""Ids that Convex refuses are refused here, before anything is stored."""

import pytest

from support.api_harness import Api, bearer
from support.recording import SPEECH
from support.upload_forms import file_head, part

REFUSED = ["", "a/b", "x" * 129, "job 1", "jöb", "a\nb", "a\0b", "\ufffd", "..\\x", "a;b", "a#b"]


@pytest.mark.parametrize("job_id", REFUSED)
async def test_a_signed_ticket_for_a_malformed_id_is_refused(job_id: str, api: Api) -> None:
    form = part("job_id", job_id.encode()) + file_head() + SPEECH.read_bytes() + b"\r\n--b--\r\n"
    headers = {**bearer(job_id), "Content-Type": "multipart/form-data; boundary=b"}
    answer = await api.http.post("/transcribe-job", content=form, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "invalid_job_id"
    assert "`create`" in answer.json()["error"]["message"]
    assert await api.harness.service.counts() == {
        "uploading": 0,
        "waiting": 0,
        "running": 0,
        "ended": 0,
    }
    assert api.harness.file_names() == set()


@pytest.mark.parametrize("job_id", ["x" * 128, "A.b_c:d-9", ".."])
async def test_every_id_that_convex_takes_is_taken(job_id: str, api: Api) -> None:
    assert (await api.upload(job_id)).status_code == 202
    await api.harness.engine.next_run()


async def test_without_a_ticket_for_it_a_malformed_id_is_unauthorized(api: Api) -> None:
    assert (await api.upload("a/b", headers=bearer("job-1"))).status_code == 401


@pytest.mark.parametrize("method", ["GET", "DELETE"])
@pytest.mark.parametrize(
    ("job_id", "path"), [("a/b", "a%2Fb"), ("x" * 129, "x" * 129), ("", ""), ("a\0b", "a%00b")]
)
async def test_no_job_has_a_malformed_id(method: str, job_id: str, path: str, api: Api) -> None:
    answer = await api.http.request(method, f"/job/{path}", headers=bearer(job_id))
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] in ("job_not_found", "not_found")
