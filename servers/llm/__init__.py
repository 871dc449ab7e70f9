"""Brains: they answer what a person said."""
