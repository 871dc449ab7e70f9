"""The HTTP API's routes, each with the types of its request and answer, and their description."""
