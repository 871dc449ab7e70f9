"""Ducking: other programs on the sound server are quieter while somebody is heard or answered."""
