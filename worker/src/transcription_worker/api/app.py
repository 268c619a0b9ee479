"""The FastAPI application."""

from typing import Annotated, Any

from fastapi import FastAPI, Header, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from starlette.exceptions import HTTPException

from ..audio import ACCEPTED_FORMATS
from ..engines import Engine
from ..outbox import Outbox
from ..queue import Job, JobQueueService, UploadFiles
from .errors import ApiError, answer_error
from .metrics import Metrics
from .openapi import JOB_RESPONSES, UPLOAD_BODY, UPLOAD_RESPONSES
from .uploads import ApiOptions, Uploads

# Seconds that a browser may remember that a page may call.
_CORS_MAX_AGE = 3600
_THIS_MACHINE = r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?"

Authorization = Annotated[str | None, Header(include_in_schema=False)]
Accept = Annotated[str, Header(include_in_schema=False)]


def create_app(
    service: JobQueueService,
    engine: Engine,
    files: UploadFiles,
    outbox: Outbox,
    options: ApiOptions,
) -> FastAPI:
    """The API over parts that are running already; it neither starts nor stops them."""
    app = FastAPI(title="Transcription worker", version="1")
    for kind in (ApiError, HTTPException, Exception):
        app.add_exception_handler(kind, answer_error)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=options.origins,
        allow_origin_regex=None if options.origins else _THIS_MACHINE,
        allow_methods=["GET", "POST", "DELETE"],
        allow_headers=["Authorization"],
        max_age=_CORS_MAX_AGE,
    )
    uploads = Uploads(service, engine, files, options)
    metrics = Metrics(service, engine, files, outbox)

    @app.post(
        "/transcribe-job",
        status_code=202,
        responses=UPLOAD_RESPONSES,
        openapi_extra={"requestBody": UPLOAD_BODY},
    )
    async def transcribe_job(request: Request) -> dict[str, str]:
        """Take a file to transcribe; `job_id` comes before `file` in the form."""
        return {"job_id": await uploads.take(request), "status": "pending"}

    @app.get("/job/{job_id}", responses=JOB_RESPONSES)
    async def get_job(
        job_id: str, response: Response, authorization: Authorization = None
    ) -> dict[str, Any]:
        """Show what the worker knows of a job: the fields of its row on Convex."""
        options.require_ticket(authorization, job_id)
        response.headers["Cache-Control"] = "no-store"
        return _row(await service.get(job_id))

    @app.delete("/job/{job_id}", responses=JOB_RESPONSES)
    async def cancel_job(job_id: str, authorization: Authorization = None) -> dict[str, Any]:
        """Cancel a job; one that has ended stays as it is."""
        options.require_ticket(authorization, job_id)
        return _row(await service.cancel(job_id))

    @app.get("/health")
    async def health() -> dict[str, Any]:
        """Say that the worker is there, what it takes, and what keeps it from working."""
        stats = await outbox.stats()
        return {
            "ok": True,
            "engine": engine.name,
            "engineStatus": engine.status,
            "formats": ACCEPTED_FORMATS,
            "maxUploadBytes": options.max_upload_bytes,
            "jobs": {"waiting": await service.count_waiting(), "running": service.running},
            "outbox": {
                "waiting": stats.waiting,
                "oldestAgeSeconds": stats.oldest_age,
                "dead": stats.dead,
                "blocked": stats.blocked,
                "accepted": stats.accepted,
                "outcomes": stats.outcomes,
                "merged": stats.merged,
                "repaired": stats.repaired,
                "requests": stats.requests,
                "retries": stats.retries,
            },
            "disk": {"freeBytes": files.free_bytes()},
        }

    @app.get("/metrics", response_class=Response)
    async def show_metrics(accept: Accept = "") -> Response:
        """Say the same, and more, to Prometheus."""
        content, content_type = await metrics.scrape(accept)
        return Response(content, headers={"Content-Type": content_type})

    return app


def _row(job: Job | None) -> dict[str, Any]:
    if job is None:
        raise ApiError(404, "job_not_found", "This worker knows of no such job.")
    return job.view.to_wire()
