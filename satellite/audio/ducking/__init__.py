"""Ducking: the volume of other programs is lowered while the satellite listens or speaks."""
