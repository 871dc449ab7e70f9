"""Services on other machines: connecting to them, and using them as engines of each role."""
