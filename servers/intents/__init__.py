"""The sentences that the built-in brain understands, by language, and its skills."""
