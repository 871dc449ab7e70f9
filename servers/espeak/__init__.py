"""eSpeak NG as a library: its voices, its speech and its phonemes."""
