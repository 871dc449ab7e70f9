"""The end of a turn by the melody of the voice: Smart Turn v3, by onnxruntime."""
