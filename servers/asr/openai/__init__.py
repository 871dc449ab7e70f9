"""Speech-to-text by servers of OpenAI's API."""
