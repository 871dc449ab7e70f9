"""Voices of k2-fsa, by sherpa-onnx."""
