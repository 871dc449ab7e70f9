"""Wake words that are written down, spotted by sherpa-onnx."""
