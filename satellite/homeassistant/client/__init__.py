"""Home Assistant as a tool: what can be named in a home, what is so, and what shall be done.

The process that has the token does everything: it keeps one connection (`connection`), knows the
exposed things and their rooms (`home`, `entities`), and carries out what brains ask for as actions
(`actions`, and `satellite.engines.home_aware`), wherever those brains run.
"""
