"""The HTTP API of `satellite --server`: what every OpenAI client uses, and the models' routes."""
