"""The default engine: offline, English, with its model from PyPI."""

from .engine import PocketsphinxEngine

__all__ = ["PocketsphinxEngine"]
