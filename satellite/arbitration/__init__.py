"""Satellites that hear the same wake word agree, before any of them makes a sound, who answers.

`arbiter` joins a satellite to the others of its home; `election` decides, without a clock or a
socket; `fingerprint` tells how well a word was heard, and whether two microphones heard the same;
`peers` knows who is there, `protocol` what is said, `network` how it gets there.
"""
