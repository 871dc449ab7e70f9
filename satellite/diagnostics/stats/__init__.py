"""Statistics of turns and wake words, in a small database on this machine."""
