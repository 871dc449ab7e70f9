"""The Whisper engine: the model, batches, windows, and the checks of its texts."""
