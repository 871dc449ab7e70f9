"""Recordings: what was heard in turns and near misses, kept where the user has asked for it."""
