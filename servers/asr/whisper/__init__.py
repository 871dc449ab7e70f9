"""What faster-whisper's engine is made of: the model, its batches, its doubts, and its windows."""
