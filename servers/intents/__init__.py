"""What the built-in brain understands and can do: sentences by language, and skills."""
