"""The sound front end: echo cancellation, noise suppression and gain."""
