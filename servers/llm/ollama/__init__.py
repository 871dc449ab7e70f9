"""Language models that Ollama runs."""
