"""What a language model writes, without what is only for the eye: the same in every language.

A language's own ways, such as how it says a date, are with the voices.
"""
