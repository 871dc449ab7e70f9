"""The voices of Piper."""
