"""The HTTP API: uploads come in, what is known of a job goes out."""

from .app import create_app
from .options import ApiOptions

__all__ = ["ApiOptions", "create_app"]
