"""How the program is: told to systemd, to who asks by HTTP, and held to its limits."""
