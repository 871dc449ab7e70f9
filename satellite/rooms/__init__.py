"""Satellites that hear the same wake word agree, before any of them makes a sound, who answers.

`rooms` joins a satellite to the others of its home; `agreement` decides, without a clock or a
socket; `sound` tells how well a word was heard, and whether two microphones heard the same;
`neighbours` knows who is there, `message` what is said, `network` how it gets there.
"""
