"""Sound check: microphone, speaker, echo and wake word, tried and judged for doctor and setup."""
