"""Servers that speak OpenAI's API, for each role that they serve."""
