"""Wake word engines that need the extras of a server."""
