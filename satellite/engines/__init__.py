"""The engines of a satellite: assembled, chosen among servers, and replaced when they fail."""
