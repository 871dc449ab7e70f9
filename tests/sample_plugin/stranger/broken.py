"""A plugin that cannot be imported, as happens after an upgrade of something else."""

from stranger.engine_of_last_year import Engine


class Broken(Engine):
    """Never seen."""
