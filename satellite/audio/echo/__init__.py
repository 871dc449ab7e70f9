"""The sound front end: what is done to the microphone's sound before anybody listens to it."""
