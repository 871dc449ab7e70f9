"""Voice detectors that need the extras of a server."""
