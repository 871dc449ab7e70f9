"""What the rest is built with: threads, tasks, files, root's rights, and the bus of events."""
