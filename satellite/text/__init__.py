"""Text processing that is the same in every language: sentences, markup, links, symbols, secrets.

Rules of one language, such as how a date is spoken, belong to the voices.
"""
