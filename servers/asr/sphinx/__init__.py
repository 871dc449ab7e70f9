"""PocketSphinx, listening for the sentences of the built-in brain."""
