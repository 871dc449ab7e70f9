"""Turns: from a wake word to the end of the spoken answer, one at a time."""
