"""Speech-to-text by the models of k2-fsa, run by sherpa-onnx."""
