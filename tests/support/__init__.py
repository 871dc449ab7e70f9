"""Helpers that tests share: speech, recordings, Debian programs, and fakes."""
