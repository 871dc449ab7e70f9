"""Listening: the microphone, and the utterances in its sound."""
