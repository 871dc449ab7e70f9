"""The health of the program: for systemd, for HTTP probes, and within its limits."""
