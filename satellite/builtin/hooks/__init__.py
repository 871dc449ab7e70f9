"""Hook plugins: programs, lamps and pins that follow what the satellite does."""
