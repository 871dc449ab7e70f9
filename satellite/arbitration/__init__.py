"""Satellites that hear the same wake word agree which of them answers, before any makes a sound.

`arbiter` connects one satellite to the others of its home; `election` decides, without clock or
socket; `fingerprint` measures how well a word was heard, and whether two microphones heard the same
sound; `group` holds the conversation with the others, `peers` tracks which of them are present,
`protocol` defines the messages and `multicast` transports them.
"""
