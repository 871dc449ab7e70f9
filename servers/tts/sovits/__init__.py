"""Text-to-speech by GPT-SoVITS, in cloned voices."""
