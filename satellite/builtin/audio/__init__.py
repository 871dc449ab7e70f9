"""Built-in microphones and speakers."""
