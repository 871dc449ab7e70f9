"""The log of the running program, for the page."""
