"""Serves any engine as a Wyoming service."""

from servers.serve.server import ServeLimits, serving
from servers.serve.stdio import serve_stdio

__all__ = ["ServeLimits", "serve_stdio", "serving"]
