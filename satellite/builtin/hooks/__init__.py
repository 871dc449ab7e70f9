"""Hook plugins: programs, lights and GPIO lines that follow the satellite's events, and buttons."""
