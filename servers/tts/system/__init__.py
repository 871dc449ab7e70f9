"""Text-to-speech with the voices of the operating system."""
