"""Home Assistant as a tool: the names of a home, the states of its entities, and commands to them.

The process that has the access token does everything: it maintains one connection (`connection`),
knows the exposed entities and their rooms (`home`, `entities`), and carries out the requests of
language models and sentences (`service_calls`, `satellite.engines.home_aware`), wherever those run.
"""
