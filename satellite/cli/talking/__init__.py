"""A conversation in the terminal, typed or spoken: what `satellite talk` is made of."""
