"""What FastAPI cannot see of the routes, for the documentation at `/docs`."""

from typing import Any

UPLOAD_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["job_id", "file"],
                "properties": {
                    "job_id": {"type": "string", "description": "from Convex's `create`"},
                    "language": {"type": "string", "description": "such as `en`"},
                    "model": {"type": "string"},
                    "return_timestamps": {
                        "type": "boolean",
                        "default": True,
                        "description": "whether segments carry their words with times",
                    },
                    "temperature": {"type": "number", "minimum": 0, "maximum": 1},
                    "initial_prompt": {
                        "type": "string",
                        "maxLength": 4000,
                        "description": "text that might have come before, with names to expect",
                    },
                    "hotwords": {
                        "type": "string",
                        "maxLength": 4000,
                        "description": "words to favour, where the engine can",
                    },
                    "file": {"type": "string", "format": "binary"},
                },
            }
        }
    },
}

UPLOAD_RESPONSES: dict[int | str, dict[str, Any]] = {
    400: {"description": "The form is malformed or cut off"},
    401: {"description": "No valid ticket for this job"},
    408: {"description": "The upload came too slowly"},
    409: {"description": "This job's file has been uploaded already"},
    413: {"description": "The file is too large, or its sound too long"},
    415: {"description": "Not an audio file that can be read"},
    422: {"description": "A field or the audio is wrong"},
    503: {"description": "Too many uploads at once: try again after `Retry-After` seconds"},
    507: {"description": "The worker's disk is full"},
}

JOB_RESPONSES: dict[int | str, dict[str, Any]] = {
    401: {"description": "No valid ticket for this job"},
    404: {"description": "No such job here"},
}
