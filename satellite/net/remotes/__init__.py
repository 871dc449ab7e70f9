"""Remote engines, one role a file."""
