"""How the satellite is: the doctor, its health, its numbers, and recordings."""
