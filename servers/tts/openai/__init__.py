"""Text-to-speech by servers of OpenAI's API."""
