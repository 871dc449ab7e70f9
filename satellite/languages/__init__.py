"""Languages that people speak: their codes, and the packs of data that hold everything in words."""
