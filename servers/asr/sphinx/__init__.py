"""PocketSphinx, limited to the sentences of the built-in brain."""
