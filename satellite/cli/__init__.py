"""The command line: thin; it parses, then calls."""
