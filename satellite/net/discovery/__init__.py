"""Servers on the LAN: announced, found, and followed."""
