"""Attacks: one kind in each file, over real sockets and processes where that is the point."""
