"""Home Assistant as a tool: what can be named in a home, what is so, and what shall be done.

The process that has the token does everything: it keeps one connection (`link`), knows the exposed
things and their rooms (`home`, `things`), and carries out what brains ask for as actions (`wishes`,
`engines`), wherever those brains run.
"""
