"""Speech and language engines, and their Wyoming services for `satellite --server`."""
