"""Announcements: what is said without having been asked for, here and in other rooms."""
