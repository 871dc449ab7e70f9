"""Language models behind Ollama."""
