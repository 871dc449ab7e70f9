"""Listening: the microphone, and the utterances in what it hears."""
