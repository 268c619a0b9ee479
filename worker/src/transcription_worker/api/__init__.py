"""The HTTP API: uploads come in, what is known of a job goes out."""

from .app import create_app
from .server import serve_app
from .uploads import ApiOptions

__all__ = ["ApiOptions", "create_app", "serve_app"]
